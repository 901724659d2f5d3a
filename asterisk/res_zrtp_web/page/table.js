// SPDX-License-Identifier: GPL-2.0-only
// The table of calls. A row is made once and changed in place, so that neither the keyboard nor a reader loses it.
// Text goes into the page as text only.
import { endpoint, keys, person, plain, recording, relayed, security, shown, spelled } from "./words.js";

export function element(name, properties = {}, ...children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(properties)) {
		key.includes("-") || key === "role" || key === "for" || key === "scope" ? made.setAttribute(key, value) : made[key] = value;
	}
	made.append(...children);
	return made;
}

// Text of others, apart from what stands around it whichever way it is written.
export function foreign(text) {
	const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
	return element("bdi", { textContent: short, title: short === text ? "" : text });
}

function lines(list) {
	return list.filter((parts) => parts).map((parts) => element("span", { className: "line" }, ...parts));
}

const SVG = "http://www.w3.org/2000/svg";
const LOCKS = {
	closed: "M7 10V7a5 5 0 0 1 10 0v3h1v11H6V10Zm2 0h6V7a3 3 0 0 0-6 0Z",
	open: "M7 10V6a5 5 0 0 1 9.8-1.4l-1.9.6A3 3 0 0 0 9 6v4h9v11H6V10Z",
	warns: "M12 2 1 21h22ZM11 9h2v6h-2Zm0 8h2v2h-2Z",
	waits: "M6 2h12v4l-4.5 6L18 18v4H6v-4l4.5-6L6 6Zm2 2v1.5l4 5.3 4-5.3V4Zm4 9.2-4 5.3V20h8v-1.5Z",
};

function lock() {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("fill-rule", "evenodd");
	svg.append(path);
	return svg;
}

function cell(label, ...children) {
	return element("td", { role: "cell", "data-label": label }, ...children);
}

// Set text only where it differs: what has not changed is not laid out again.
function write(node, text) {
	if (node.textContent !== text) {
		node.textContent = text;
	}
}

export class Calls {
	constructor(table, decide) {
		this.table = table;
		this.decide = decide; // called with a leg and "verify" or "unverify"
		this.legs = new Map();
		this.groups = new Map();
		this.mayVerify = false;
		this.filter = { text: "", show: "all" };
		table.setAttribute("role", "table");
		table.tHead.setAttribute("role", "rowgroup");
		table.tHead.rows[0].setAttribute("role", "row");
		for (const head of table.tHead.rows[0].cells) {
			head.setAttribute("role", "columnheader");
		}
	}

	// rows: legs that are new or changed; gone: ids; full: nothing else is there any more
	update({ full, rows, gone }) {
		const touched = new Set();
		const known = new Set(rows.map((leg) => leg.id));
		for (const id of full ? [...this.legs.keys()].filter((one) => !known.has(one)) : gone) {
			this.remove(id, touched);
		}
		for (const leg of rows.sort((a, b) => a.since - b.since || (a.name < b.name ? -1 : 1))) {
			this.put(leg, touched);
		}
		for (const group of touched) {
			this.finish(group);
		}
	}

	clear() {
		this.update({ full: true, rows: [], gone: [] });
	}

	put(leg, touched) {
		let row = this.legs.get(leg.id);
		if (row && row.group.key !== leg.linked) {
			this.move(row, this.group(leg), touched);
		}
		if (!row) {
			row = this.make(this.group(leg));
			this.legs.set(leg.id, row);
		}
		row.leg = leg;
		this.fill(row);
		touched.add(row.group);
	}

	// To another call, as in a transfer. A row that is moved loses the focus.
	move(row, group, touched) {
		const focused = row.tr.contains(document.activeElement) ? document.activeElement : null;
		this.leave(row, touched);
		row.group = group;
		group.rows.push(row);
		group.body.append(row.tr);
		focused?.focus({ preventScroll: true });
	}

	leave(row, touched) {
		const { group } = row;
		group.rows = group.rows.filter((one) => one !== row);
		if (group.head.parentNode === row.tr) {
			group.head.remove();
		}
		touched.add(group);
	}

	remove(id, touched) {
		const row = this.legs.get(id);
		if (row) {
			this.legs.delete(id);
			this.leave(row, touched);
			row.tr.remove();
		}
	}

	group(leg) {
		let group = this.groups.get(leg.linked);
		if (!group) {
			group = { key: leg.linked, rows: [], body: element("tbody", { role: "rowgroup" }) };
			group.names = element("span");
			group.since = element("span", { className: "small" });
			group.head = element("th", { scope: "rowgroup", role: "rowheader", "data-label": "Call" }, group.names, group.since);
			this.groups.set(leg.linked, group);
			this.table.tHead.after(group.body);
		}
		return group;
	}

	make(group) {
		const row = { group, tr: element("tr", { role: "row" }) };
		row.name = element("span", { className: "name" });
		row.channel = element("span", { className: "small" });
		row.lock = lock();
		row.title = element("span");
		row.notes = element("ul", { className: "notes" });
		row.sas = element("span", { className: "sas" });
		row.spelled = element("span", { className: "hidden" });
		row.keys = element("span");
		row.recording = element("span");
		row.verify = element("button", { type: "button", onclick: () => this.decide(row.leg, "verify") });
		row.other = element("span", { className: "small", textContent: "on the other leg" });
		row.unverify = element("button", { type: "button", onclick: () => this.decide(row.leg, "unverify") });
		row.tr.append(cell("Phone", row.name, row.channel),
			cell("Security", element("div", { className: "security" }, row.lock, row.title), row.notes),
			cell("SAS", row.sas, row.spelled), cell("Keys", row.keys), cell("Recorded", row.recording),
			cell("SAS compared", row.verify, " ", row.unverify, row.other));
		row.sas.setAttribute("aria-hidden", "true");
		group.rows.push(row);
		group.body.append(row.tr);
		return row;
	}

	fill(row) {
		const { leg } = row;
		const safe = security(leg);
		const items = leg.zrtp ?? {};
		row.level = safe.level;
		// The endpoint is the PBX's word, the caller ID the phone's own.
		row.who = endpoint(leg.name);
		row.caller = person(leg.callerName, leg.callerNumber);
		row.name.replaceChildren(foreign(row.who));
		row.channel.replaceChildren(...lines([
			row.caller !== row.who && row.caller && ["Caller ID ", foreign(row.caller)],
			items.PeerName && ["Known as ", foreign(plain(items.PeerName))],
			items.PeerClient && ["Client ", foreign(plain(items.PeerClient))],
			[foreign(plain(leg.name)), `, ${plain(leg.state)}`],
		]));
		row.tr.dataset.level = safe.level;
		row.tr.dataset.sas = shown(items).includes(" ") ? "words" : "letters";
		row.lock.firstChild.setAttribute("d", LOCKS[safe.lock]);
		write(row.title, safe.title);
		row.notes.replaceChildren(...safe.notes.map((text) => element("li", { textContent: text })));
		row.notes.hidden = !safe.notes.length;
		const sas = shown(items);
		write(row.sas, sas || "–");
		write(row.spelled, sas ? spelled(sas) : "none");
		row.keys.replaceChildren(...(keys(leg).length ? lines(keys(leg).map((key) => [key])) : ["–"]));
		write(row.recording, recording(leg));
		row.maybe = items.Recorded === "yes" || items.Recorded === "unknown";
		row.recording.className = row.maybe ? "warn" : "";
		this.buttons(row);
	}

	buttons(row) {
		const items = row.leg.zrtp ?? {};
		const able = this.mayVerify && Boolean(items.SAS) && items.Outcome === "secure" && !relayed(items);
		const verified = items.Verified === "yes";
		for (const [button, word] of [[row.verify, "Verify"], [row.unverify, "Unverify"]]) {
			write(button, word);
			button.setAttribute("aria-label", `${word} the SAS of ${row.who}`);
		}
		// The one that is pressed stays until the other one has come, so that the focus has a place.
		const focus = document.activeElement === row.verify || document.activeElement === row.unverify;
		row.verify.hidden = !able || verified;
		row.unverify.hidden = !able;
		row.other.hidden = !relayed(items);
		if (focus && able && verified && document.activeElement !== row.unverify) {
			row.unverify.focus();
		}
	}

	finish(group) {
		const [first] = group.rows;
		if (!first) {
			group.body.remove();
			this.groups.delete(group.key);
			return;
		}
		const names = group.rows.map((row) => row.who);
		const other = person(first.leg.withName, first.leg.withNumber);
		group.names.replaceChildren(...(names.length > 1 ? names : [names[0], other].filter((name) => name))
			.flatMap((name, i) => i ? [" with ", foreign(name)] : [foreign(name)]));
		write(group.since, `since ${new Date(first.leg.since * 1000).toLocaleTimeString()}`);
		if (group.head.parentNode !== first.tr || first.tr.firstChild !== group.head) {
			first.tr.prepend(group.head);
		}
		group.head.rowSpan = group.rows.length;
		group.head.style.gridRow = `span ${group.rows.length}`;
		group.text = group.rows.map((row) => [row.who, row.caller, row.leg.name, row.leg.zrtp?.PeerName, row.leg.zrtp?.SAS,
			shown(row.leg.zrtp ?? {}), row.leg.zrtp?.PeerZID, other].join(" ")).join(" ").toLowerCase();
		this.look(group);
	}

	look(group) {
		const levels = group.rows.map((row) => row.level);
		const fits = {
			all: true,
			unsafe: levels.some((level) => level === "bad" || level === "warning"),
			compare: levels.some((level) => level === "unverified" || level === "warning"),
			recorded: group.rows.some((row) => row.maybe),
		}[this.filter.show];
		group.body.hidden = !fits || !group.text.includes(this.filter.text);
	}

	setFilter(filter) {
		this.filter = { ...filter, text: filter.text.trim().toLowerCase() };
		for (const group of this.groups.values()) {
			this.look(group);
		}
	}

	setRights(mayVerify) {
		this.mayVerify = mayVerify;
		for (const row of this.legs.values()) {
			this.buttons(row);
		}
	}

	sum() {
		let unsafe = 0;
		let shown = 0;
		for (const group of this.groups.values()) {
			unsafe += group.rows.some((row) => row.level === "bad" || row.level === "warning");
			shown += !group.body.hidden;
		}
		return { calls: this.groups.size, unsafe, shown };
	}
}
