// What a page must offer to people who do not look, do not use a mouse, or see little.
// Evaluates to an object: problems, found at once, and walk, for the keys.
(lang => {
	const problems = [];
	const all = selector => [...document.querySelectorAll(selector)];
	const shown = el => el.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true});
	const tell = (el, what) => problems.push(`${what}: ${el.outerHTML.replace(/\s+/g, " ").slice(0, 160)}`);

	const root = document.documentElement;
	if (root.lang !== lang) problems.push(`<html lang="${root.lang}"> stands over a page asked for in "${lang}"`);
	if (!document.title.trim()) problems.push("the page has no title");
	for (const tag of ["h1", "main"]) {
		const n = all(tag).filter(shown).length;
		if (n !== 1) problems.push(`${n} <${tag}> are shown, not one`);
	}
	if (root.scrollWidth > innerWidth)
		problems.push(`the page is ${root.scrollWidth} px wide in a window of ${innerWidth} px`);

	const ids = new Set();
	for (const el of all("[id]")) {
		if (ids.has(el.id)) tell(el, `the id "${el.id}" is used twice`);
		ids.add(el.id);
	}
	for (const el of all("img")) if (!el.hasAttribute("alt")) tell(el, "an image has no alt");
	for (const el of all("input:not([type=hidden],[type=submit],[type=reset],[type=button],[type=image]), select, textarea"))
		if (!(el.labels?.length || el.ariaLabel || el.getAttribute("aria-labelledby"))) tell(el, "a control has no label");
	for (const el of all("[aria-labelledby], [aria-describedby], [aria-controls]"))
		for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"])
			for (const id of (el.getAttribute(name) ?? "").split(/\s+/).filter(Boolean))
				if (!document.getElementById(id)) tell(el, `${name} names "${id}", which is not there`);
	for (const el of all("label[for]"))
		if (!document.getElementById(el.htmlFor)) tell(el, `a label is for "${el.htmlFor}", which is not there`);

	// Contrast by WCAG 2.2, 1.4.3. Colours come in any notation; a canvas knows them all.
	const canvas = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
	const known = new Map();
	const rgba = colour => {
		if (!known.has(colour)) {
			canvas.clearRect(0, 0, 1, 1);
			canvas.fillStyle = colour;
			canvas.fillRect(0, 0, 1, 1);
			const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
			known.set(colour, [r, g, b, a / 255]);
		}
		return known.get(colour);
	};
	const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
	const luminance = ([r, g, b]) => {
		const [R, G, B] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * R + 0.7152 * G + 0.0722 * B;
	};
	const ground = el => { // the colour under el's text, or null when a picture lies there
		const layers = [];
		for (; el; el = el.parentElement) {
			const s = getComputedStyle(el);
			if (s.backgroundImage !== "none") return null;
			layers.push(rgba(s.backgroundColor));
			if (layers.at(-1)[3] === 1) break;
		}
		return layers.reduceRight((below, layer) => over(layer, below), rgba(getComputedStyle(root).colorScheme.includes("dark") &&
			matchMedia("(prefers-color-scheme: dark)").matches ? "#121212" : "#ffffff"));
	};
	const told = new Set();
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) {
		const el = texts.currentNode.parentElement;
		if (!texts.currentNode.data.trim() || !shown(el) || el.closest("svg, option, :disabled, [aria-hidden=true], [aria-disabled=true]")) continue;
		const s = getComputedStyle(el), bg = ground(el);
		if (!bg) continue;
		let opacity = 1;
		for (let up = el; up; up = up.parentElement) opacity *= getComputedStyle(up).opacity;
		if (opacity === 0) continue;
		const ink = [...rgba(s.color)];
		ink[3] *= opacity;
		const [light, dark] = [luminance(over(ink, bg)), luminance(bg)].sort((a, b) => b - a);
		const ratio = (light + 0.05) / (dark + 0.05);
		const size = parseFloat(s.fontSize), large = size >= 24 || size >= 18.66 && s.fontWeight >= 700;
		const key = `${s.color} ${bg} ${large}`;
		if (ratio < (large ? 3 : 4.5) && !told.has(key)) {
			told.add(key);
			tell(el, `text has a contrast of ${ratio.toFixed(2)} (${s.color} on rgb(${bg.slice(0, 3).map(Math.round)}))`);
		}
	}

	// The keys: every control is a stop, once for a group of radio buttons, and looks like one.
	const look = el => [el, el.labels?.[0], el.nextElementSibling, el.parentElement].map(e => {
		if (!e) return "";
		const s = getComputedStyle(e);
		return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.color, s.textDecorationLine];
	}).join();
	document.activeElement?.blur();
	const controls = all("a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=true], [tabindex]")
		.filter(el => shown(el) && !el.matches(":disabled") && el.tabIndex >= 0 && !el.closest("[inert]"));
	const stop = el => el.type === "radio" ? all("input[type=radio]").find(r => r.name === el.name && r.form === el.form) : el;
	const unreached = new Set(controls.map(stop));
	const plain = new Map(controls.map(el => [el, look(el)]));
	const walk = {
		stops: controls.length,
		next() { // after a press of Tab: is there anything left to reach?
			const el = document.activeElement;
			if (plain.has(el) && plain.get(el) === look(el)) tell(el, "focus cannot be seen");
			plain.delete(el);
			if (el) unreached.delete(stop(el));
			return unreached.size > 0;
		},
		// The page has put others in the place of some, as a live page does: walk again.
		stale() { return controls.some(el => !el.isConnected) },
		end() {
			for (const el of unreached) tell(el, "Tab never comes here");
			return problems;
		},
	};
	return walk;
})
