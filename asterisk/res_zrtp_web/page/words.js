// SPDX-License-Identifier: GPL-2.0-only
// What the page says of a leg: decisions only. A leg has the items of "zrtp show channel" in .zrtp.

// Controls, and letters that turn the order of others round or cannot be seen: nobody's name needs them.
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;

// Text of others, as far as it can be trusted to be text.
export function plain(text) {
	return String(text ?? "").replace(HIDDEN, "\ufffd");
}

export function person(name, number) {
	const names = [plain(name).trim(), plain(number).trim()].filter((part) => part);
	return names.length === 2 && names[0] !== names[1] ? `${names[0]} (${names[1]})` : names[0] ?? "";
}

// PJSIP/alice-00000001: alice
export function endpoint(channel) {
	return plain(channel).replace(/^[^/]*\//, "").replace(/-[0-9a-f]{8}$/, "");
}

// Lock is closed, open, waits or warns; level is what counts for filters and colours.
const STATES = {
	pending: ["waits", "waiting", "Looking for ZRTP"],
	clear: ["open", "bad", "Not encrypted"],
	closed: ["open", "bad", "No media passes: the phone has no ZRTP"],
	failed: ["open", "bad", "ZRTP failed"],
	passthrough: ["closed", "phones", "Encrypted from phone to phone, passed through"],
};

function ofSecure(items) {
	switch (items.Security) {
	case "cache mismatch":
		return ["warns", "warning", "Encrypted, but the phone does not know the secret of earlier calls"];
	case "zrtp-hash mismatch":
		return ["warns", "warning", "Encrypted, but the zrtp-hash of the signalling does not match"];
	case "verified":
		return ["closed", "good", "Secure, SAS verified"];
	case "verified here":
		return ["closed", "good", "Secure, SAS verified here, not by the phone"];
	case "verified by the phone":
		return ["closed", "unverified", "Encrypted, SAS verified by the phone only"];
	default:
		return ["closed", "unverified", "Encrypted, SAS not verified"];
	}
}

// Does the phone show the SAS of the other leg? What its user compares is about the phone there then.
export function relayed(items) {
	return items.Relayed === "yes" && Boolean(items.ShownSAS);
}

// What the phone shows, with words apart.
export function shown(items) {
	return words(relayed(items) ? items.ShownSAS : items.SAS);
}

export function words(sas) {
	return plain(sas).replace(":", " ");
}

const REASONS = {
	NoZrtp: "the phone does not speak ZRTP",
	PartnerNoZrtp: "the other phone does not speak ZRTP",
	NoPartner: "there is no other phone",
	PartnerChannel: "the channel at the other side has no ZRTP",
	PartnerPolicy: "the PBX is the ZRTP endpoint of the other phone",
	FeatureCodes: "the bridge waits for feature codes",
	Listener: "something in the PBX records, listens or plays",
	Codecs: "the codecs of the phones differ",
	Bridge: "the bridge does not join the phones natively",
	NoKeys: "the phones have no keys with each other",
};

function notes(items) {
	const list = [];
	const say = (when, text) => when && list.push(text);
	say(items.Outcome === "pending" && items.State === "securing", "Key agreement under way");
	say(items.Security === "cache mismatch", "Compare the SAS: it may be a man in the middle");
	say(items.Security === "zrtp-hash mismatch", "Compare the SAS: it may be a man in the middle");
	say(REASONS[items.ClearReason], `Why: ${REASONS[items.ClearReason]}`);
	say(items.Error, `Error ${items.Error}`);
	say(items.Outcome === "secure" && items.Signalling === "open" && items.Verified !== "yes",
		"The signalling is not encrypted: only the comparison shows who is there");
	say(items.PeerDiscloses === "yes", "The phone discloses its keys (D flag)");
	say(items.PeerMiTM === "yes", "The peer is a PBX that has the keys (M flag)");
	say(relayed(items), `The phone shows the SAS of the other leg; its own is ${words(items.SAS)}`);
	say(items.RelayedToUs, `Relayed to us by the peer: ${items.RelayedToUs}`);
	say(items.RelayStatus === "unanswered", "The phone did not answer the relayed SAS");
	say(items.Deaf === "yes", "Nothing arrives that its keys open");
	say(items.Video && items.Video !== "secure", `Video: ${items.Video === "clear" ? "not encrypted" : items.Video}`);
	say(items.Enrolled === "yes", "Enrolled phone");
	say(items.Enrolling === "yes", "Enrollment announced");
	return list.map(plain);
}

export function security(leg) {
	if (!leg.zrtp) {
		return leg.keys
			? { lock: "waits", level: "other", title: `No ZRTP: encrypted with ${plain(leg.keys)}`, notes: [] }
			: { lock: "open", level: "bad", title: "No ZRTP", notes: [] };
	}
	const items = leg.zrtp;
	const [lock, level, title] = items.Outcome === "secure" ? ofSecure(items)
		: STATES[items.Outcome] ?? ["open", "bad", `Not secure: ${plain(items.Outcome)}`];
	return { lock, level, title, notes: notes(items) };
}

export function keys(leg) {
	const items = leg.zrtp ?? {};
	return items.Outcome === "secure" ? [items.KeyAgreementName, items.Suite].filter((part) => part).map(plain) : [];
}

const RECORDINGS = { yes: "Recorded", no: "Not recorded", unknown: "May be recorded" };

export function recording(leg) {
	const items = leg.zrtp ?? {};
	return RECORDINGS[items.Recorded] ?? "Not known";
}

// Letters one by one for those who hear the page; words are heard as such.
export function spelled(sas) {
	return sas.includes(" ") ? sas : [...sas].join(" ");
}

const EVENTS = {
	ZrtpFailed: "ZRTP failed",
	ZrtpRefused: "The call was refused",
	ZrtpClear: "Not encrypted",
	ZrtpVerified: "The SAS is not verified any more. If the phone showed another one, the call is under attack: end it",
};

const CLEAR = {
	GoClear: "encryption was ended",
	...REASONS,
};

export function alert(event) {
	const text = plain(event.text) || CLEAR[event.reason] || plain(event.reason);
	const head = EVENTS[event.type];
	return [head, text, event.code && `error ${plain(event.code)}`].filter((part) => part).join(": ");
}
