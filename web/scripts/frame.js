"use strict";

// The plate's own marks: title block, degree marks along the neat line, north arrow, imprint.
BioPlan.frame = (() => {
  const { atlas, layouts, popups, tongue } = BioPlan;
  const { html, svg, replace } = BioPlan.nodes;
  const { pick, say } = tongue;
  const STEPS = [2, 1, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01];
  const SPACING = 130;

  function seal(layout, zone) {
    const { role, tier } = zone.properties;
    const text = tongue.language === "zh" ? role : tongue.capital(layouts.roleName(layout, role));
    return html("span", { class: `seal seal-${tier}` }, text);
  }

  const mainDocument = (layout) => ((layout.citations || [])[0] || {}).document || layout.document;

  function title(layout) {
    const lead = tongue.capital(tongue.language === "zh" ? layouts.phrase(layout) : layout.phrase_en || layout.name_en);
    const echo = tongue.language === "zh" ? layout.phrase_en || layout.name_en : layout.phrase || layout.name_zh;
    replace(
      "cartouche",
      html("h1", { id: "phrase", class: layout.phrase ? "phrase" : "phrase long" }, lead),
      html("p", { class: "echo" }, tongue.capital(echo)),
      html(
        "p",
        { class: "subtitle" },
        layout.phrase ? html("span", {}, pick(layout, "name")) : null,
        layout.period ? html("span", { class: "period" }, tongue.period(layout.period)) : null,
      ),
      html("p", { class: "document" }, atlas.documentTitle(mainDocument(layout))),
    );
    document.title = `${lead} · BioPlan GIS`;
  }

  // What the document leaves without a place is said on the map itself, where a reader would look for it; on a low page
  // its heading alone stands there and opens it.
  function remark(layout) {
    const zones = layouts.placelessZones(layout);
    const isLinked = layouts.linksOf(layout).length > 0;
    const holder = document.getElementById("remark");
    holder.hidden = zones.length === 0 && !isLinked;
    holder.classList.toggle("beside", isLinked);
    const said = [pick(layout, "note"), say("linkNote")].map((one) => html("p", {}, tongue.capital(one)));
    if (isLinked) replace("remark", note("linkStatus", said));
    if (zones.length > 0) replace("remark", note("notLocated", placeless(layout, zones)));
  }

  const note = (heading, content) =>
    html(
      "details",
      { open: !matchMedia("(height <= 560px)").matches },
      html("summary", {}, html("h2", {}, say(heading))),
      content,
    );

  function placeless(layout, zones) {
    const named = zones.filter((zone) => zone.properties.named);
    const unnamed = zones.filter((zone) => !zone.properties.named);
    const entry = (tag, zone, ...text) => html(tag, {}, seal(layout, zone), html("span", {}, ...text));
    return [
      html(
        "ul",
        {},
        named.map((zone) => entry("li", zone, html("b", {}, pick(zone.properties, "name")))),
      ),
      unnamed.map((zone) => entry("p", zone, say("unnamedNote", { part: pick(zone.properties, "name") }))),
      popups.citations(zones[0].properties),
    ];
  }

  function north() {
    replace(
      "north",
      svg(
        "svg",
        { viewBox: "0 0 40 64" },
        svg("path", { class: "west", d: "M20 16 8 58 20 49Z" }),
        svg("path", { class: "east", d: "M20 16 32 58 20 49Z" }),
        svg("text", { x: 20, y: 11 }, "N"),
      ),
    );
  }

  const IMPRINT_LINES = 2;

  function imprint(further = []) {
    const holder = document.getElementById("imprint");
    const set = (button, isOpen) => {
      holder.classList.toggle("open", isOpen);
      button.setAttribute("aria-expanded", String(isOpen));
    };
    const toggle = ({ currentTarget }) => set(currentTarget, !holder.classList.contains("open"));
    const leave = ({ currentTarget, key }) => key === "Escape" && set(currentTarget, false);
    replace(
      "imprint",
      html("strong", {}, say("notReviewed")),
      html(
        "button",
        {
          type: "button",
          "aria-expanded": "false",
          "aria-controls": "attributions",
          onclick: toggle,
          onkeydown: leave,
        },
        say("credits"),
      ),
      html(
        "span",
        { class: "attributions", id: "attributions" },
        [...new Set([...atlas.attributions, ...further.filter(Boolean)])].map((line, at) => [at === 0 ? null : " · ", html("bdi", {}, tongue.attribution(line))]),
      ),
    );
    foldImprint();
  }

  // Credits that do not fit into the margin are folded behind a word, never cut.
  function foldImprint() {
    const holder = document.getElementById("imprint");
    holder.classList.remove("folded", "open");
    const credits = document.getElementById("attributions");
    const lines = credits.offsetHeight / parseFloat(getComputedStyle(credits).lineHeight);
    holder.classList.toggle("folded", lines > IMPRINT_LINES + 0.5);
    holder.querySelector("button").setAttribute("aria-expanded", "false");
  }

  const degrees = (value, step, letters) => {
    const digits = step >= 1 ? 0 : step >= 0.1 && step !== 0.25 ? 1 : 2;
    return `${Math.abs(value).toFixed(digits)}°${value >= 0 ? letters[0] : letters[1]}`;
  };

  const stepFor = (pixelsPerDegree) => STEPS.filter((step) => step * pixelsPerDegree >= SPACING).at(-1) || STEPS[0];

  function marks(from, to, step) {
    const found = [];
    for (let at = Math.ceil(from / step); at * step < to; at += 1) found.push(at * step);
    return found;
  }

  // Degree marks on the neat line, renewed after each move.
  function graticule(map) {
    const size = map.getSize();
    const bounds = map.getBounds();
    const eastStep = stepFor(size.x / (bounds.getEast() - bounds.getWest()));
    const ticks = [];
    for (const longitude of marks(bounds.getWest(), bounds.getEast(), eastStep)) {
      const { x } = map.latLngToContainerPoint([bounds.getCenter().lat, longitude]);
      if (x < 40 || x > size.x - 40) continue;
      for (const side of ["top", "bottom"]) ticks.push([side, x, degrees(longitude, eastStep, "EW")]);
    }
    const northStep = stepFor(size.y / (bounds.getNorth() - bounds.getSouth()));
    for (const latitude of marks(bounds.getSouth(), bounds.getNorth(), northStep)) {
      const { y } = map.latLngToContainerPoint([latitude, bounds.getCenter().lng]);
      if (y < 40 || y > size.y - 40) continue;
      for (const side of ["left", "right"]) ticks.push([side, y, degrees(latitude, northStep, "NS")]);
    }
    const frame = document.getElementById("frame");
    frame.replaceChildren(
      ...ticks.map(([side, at, text]) => {
        const tick = html("span", { class: `tick tick-${side}` }, text);
        tick.style.setProperty("--at", `${at}px`);
        return tick;
      }),
    );
  }

  const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

  // An open popup goes before the title block, the inset and the remark: what it would lie under steps back.
  function giveWay(popup) {
    for (const element of document.querySelectorAll("#cartouche, #inset, #remark, #north, #sheet .leaflet-control")) {
      const isCovered = popup !== null && overlaps(popup.getBoundingClientRect(), element.getBoundingClientRect());
      element.classList.toggle("yields", isCovered);
    }
  }

  return { title, remark, north, imprint, foldImprint, graticule, giveWay };
})();
