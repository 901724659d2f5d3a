// SPDX-License-Identifier: GPL-2.0-only
// The page: who has logged in, what the PBX sends, and what a person presses.
import { Calls, element, foreign } from "./table.js";
import { alert, endpoint, plain, spelled, words } from "./words.js";

const ALERTS = 50;
const SILENCE = 10000; // milliseconds without a beat: the connection is lost
const AGAIN = 3000;

const $ = (id) => document.getElementById(id);
let session = null;
let source = null;
let heard = 0;
let lostAt = null;
let asking = null;
let listsAsked = 0;
let listShown = 0;
const calls = new Calls($("calls"), decide);

// Messages

let fading = 0;
function say(text) {
	$("message").textContent = text;
	clearTimeout(fading);
	if (text) {
		fading = setTimeout(() => say(""), 15000);
	}
}

function setConnection(text, lost) {
	$("connection").hidden = !text;
	if ($("connection").textContent !== text) {
		$("connection").textContent = text;
	}
	document.body.classList.toggle("lost", lost);
}

// Requests

async function send(name, body) {
	try {
		const answer = await fetch(name, {
			method: body ? "POST" : "GET",
			headers: body ? { "Content-Type": "application/json", "X-Zrtp-Token": session?.token ?? "" } : {},
			body: body && JSON.stringify(body),
			cache: "no-store",
			redirect: "error",
		});
		const content = await answer.json();
		return { status: answer.status, ok: answer.ok, content };
	} catch {
		return { status: 0, ok: false, content: { error: "The PBX does not answer" } };
	}
}

// Logging in and out

function showLogin() {
	session = null;
	stopListening();
	calls.clear();
	$("alerts").replaceChildren();
	$("phones").tBodies[0].replaceChildren();
	$("live").hidden = $("who").hidden = true;
	$("login").hidden = false;
	closeQuestion();
	setConnection("", false);
	$("name").focus();
}

function showLive(content) {
	session = content;
	$("login").hidden = true;
	$("live").hidden = $("who").hidden = false;
	$("user").replaceChildren("Logged in as ", foreign(plain(content.user)));
	$("enrolled").hidden = !content.mayList;
	calls.setRights(content.mayVerify);
	listen();
	if (content.mayList) {
		showPhones();
	}
}

async function enter() {
	const answer = await send("session");
	if (answer.ok && answer.content.user) {
		showLive(answer.content);
	} else if (answer.status) {
		showLogin();
		say(answer.content.error ?? "");
	} else {
		setConnection("The PBX does not answer. Trying again …", true);
		setTimeout(enter, AGAIN);
	}
}

$("login").addEventListener("submit", async (event) => {
	event.preventDefault();
	say("");
	const answer = await send("login", { user: $("name").value, secret: $("secret").value });
	$("secret").value = "";
	if (answer.ok) {
		showLive(answer.content);
		$("title").focus();
	} else {
		say(answer.content.error);
		$("secret").focus();
	}
});

$("logout").addEventListener("click", async () => {
	const answer = await send("logout", {});
	if (answer.ok || answer.status === 401) {
		showLogin();
	} else {
		say(answer.content.error);
	}
});

// What the PBX sends

function stopListening() {
	source?.close();
	source = null;
}

function listen() {
	stopListening();
	source = new EventSource("events");
	heard = Date.now();
	const on = (name, handle) => source.addEventListener(name, (event) => {
		hear();
		handle(JSON.parse(event.data));
	});
	on("calls", showCalls);
	on("alert", showAlert);
	on("enrolled", showPhones);
	on("beat", () => {});
	on("bye", enter);
	source.addEventListener("error", lose);
}

function hear() {
	heard = Date.now();
	lostAt = null;
	setConnection("Live", false);
}

function lose() {
	lostAt ??= new Date(heard);
	setConnection(`Connection lost at ${lostAt.toLocaleTimeString()}. What you see is old and may be wrong. Trying again …`, true);
	closeQuestion();
	// After an answer that is no stream the browser does not try again by itself.
	if (source?.readyState === EventSource.CLOSED) {
		stopListening();
		setTimeout(enter, AGAIN);
	}
}

setInterval(() => {
	if (source && !lostAt && Date.now() - heard > SILENCE) {
		lose();
		listen();
	}
}, 1000);

function showSum() {
	const { calls: count, unsafe, shown } = calls.sum();
	$("sum").textContent = `${count} ${count === 1 ? "call" : "calls"}, ${unsafe} not secure`
		+ (shown < count ? `, ${shown} shown` : "");
	$("no-calls").hidden = count > 0;
	$("none-match").hidden = !count || shown > 0;
	$("calls").hidden = !shown;
}

function showCalls(change) {
	calls.update(change);
	showSum();
	if (asking && calls.legs.get(asking.id)?.leg.zrtp?.SAS !== asking.sas) {
		closeQuestion();
		say("The call has ended or has another SAS by now. Nothing was changed.");
	}
}

function showAlert(event) {
	const time = new Date(event.time);
	const list = $("alerts");
	const text = JSON.stringify(event);
	// After each new connection all come once more: nobody is to hear them twice.
	if ([...list.children].some((one) => one.event === text)) {
		return;
	}
	list.prepend(element("li", { event: text },
		element("time", { dateTime: event.time, textContent: isNaN(time) ? "" : time.toLocaleTimeString() }), " ",
		foreign(endpoint(event.channel)), ": ", alert(event)));
	while (list.children.length > ALERTS) {
		list.lastChild.remove();
	}
	list.hidden = false;
	$("no-alerts").hidden = true;
}

for (const [id, event] of [["search", "input"], ["show", "change"]]) {
	$(id).addEventListener(event, () => {
		calls.setFilter({ text: $("search").value, show: $("show").value });
		showSum();
	});
}

// Questions before a change

function closeQuestion() {
	asking = null;
	if ($("ask").open) {
		$("ask").close("no");
	}
}

function ask(title, text, button, sas, id) {
	closeQuestion();
	asking = id ? { id, sas } : null;
	$("ask-title").replaceChildren(...title);
	$("ask-text").textContent = text;
	$("ask-yes").textContent = button;
	$("ask-sas").textContent = words(sas);
	$("ask-sas").setAttribute("aria-label", spelled(words(sas)));
	$("ask-sas").hidden = !sas;
	$("ask").returnValue = "no";
	$("ask").showModal();
	$("ask-no").focus();
	return new Promise((resolve) => {
		$("ask").addEventListener("close", () => {
			asking = null;
			resolve($("ask").returnValue === "yes");
		}, { once: true });
	});
}

function connected() {
	if (document.body.classList.contains("lost")) {
		say("The connection is lost: nothing can be changed now.");
		return false;
	}
	return true;
}

async function change(name, body, done) {
	const answer = await send(name, body);
	if (answer.status === 401) {
		showLogin();
	}
	say(answer.ok ? done : answer.content.error);
}

async function decide(leg, word) {
	if (!connected()) {
		return;
	}
	const sas = leg.zrtp.SAS;
	const who = foreign(endpoint(leg.name));
	const yes = word === "verify"
		? await ask(["Does the phone of ", who, " show the same SAS?"],
			"Compare it with what a person you know by voice reads to you. It counts for later calls of this phone too.",
			"The same: verify", sas, leg.id)
		: await ask(["Unverify the SAS of ", who, "?"],
			"If the phone shows another SAS, the call is under attack: say nothing confidential, end it, and report it.",
			"Unverify", sas, leg.id);
	if (yes) {
		await change(word, { channel: leg.id, sas }, word === "verify" ? "The SAS is verified." : "The SAS is not verified any more.");
	}
}

// Enrolled phones

function phoneRow(phone) {
	const name = plain(phone.name) || endpoint(phone.endpoints) || phone.zid;
	const revoke = element("button", { type: "button", textContent: "Revoke" });
	revoke.setAttribute("aria-label", `Revoke the enrollment of ${name}`);
	revoke.addEventListener("click", async () => {
		if (connected() && await ask(["Revoke the enrollment of ", foreign(name), "?"],
			"The PBX forgets the secret it shares with this phone, which is shown no SAS of other phones any more.", "Revoke")) {
			await change("revoke", { zid: phone.zid }, "The enrollment is revoked.");
			$("enrolled-title").scrollIntoView({ block: "nearest" });
		}
	});
	return element("tr", { role: "row" },
		...[["Name", foreign(name)], ["Endpoints", foreign(plain(phone.endpoints) || "–")], ["ZID", element("code", { textContent: phone.zid })],
			["Proved in a call", phone.proved ? "yes" : "no"],
			["Enrollment", session?.mayRevoke ? revoke : "–"]]
			.map(([label, content]) => element("td", { role: "cell", "data-label": label }, content)));
}

async function showPhones() {
	const number = ++listsAsked;
	const asker = session;
	const answer = await send("enrollments");
	// An answer may come behind that to a later question, or after the logout, when another person may have logged in.
	if (answer.ok && session === asker && number > listShown) {
		listShown = number;
		const phones = answer.content.phones.sort((a, b) => (a.zid < b.zid ? -1 : 1));
		$("phones").tBodies[0].replaceChildren(...phones.map(phoneRow));
		$("phones").hidden = !phones.length;
		$("no-phones").hidden = phones.length > 0 || answer.content.fault;
		$("no-list").hidden = !answer.content.fault;
		$("no-list").textContent = `Not all enrolled phones can be shown now. ${answer.content.fault}`;
		$("more-phones").hidden = !answer.content.more;
	}
}

enter();
