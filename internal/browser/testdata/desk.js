addEventListener("keydown", e => { document.querySelector("#key").textContent = e.key; if (e.key === "j") location.href = "/second" });

const say = text => { document.querySelector("#passkey").textContent = text };
async function ceremony(name, act) {
	try {
		const options = await (await fetch(`/passkey/${name}`)).json();
		const answer = await act(options.publicKey);
		const done = await fetch(`/passkey/${name}`, {method: "POST", body: JSON.stringify(answer)});
		say(await done.text());
	} catch (e) {
		say(`refused: ${e.name}`);
	}
}
document.querySelector("#sign-up")?.addEventListener("click", () => ceremony("create", async o =>
	navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o)})));
document.querySelector("#sign-in")?.addEventListener("click", () => ceremony("get", async o =>
	navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o)})));
