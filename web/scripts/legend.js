"use strict";

// The legend is the layer control: each entry shows its symbol and switches its layer.
BioPlan.legend = (() => {
  const { atlas, layouts, symbols, tongue } = BioPlan;
  const { html, svg } = BioPlan.nodes;
  const { say } = tongue;
  const ORDER = [
    "zones",
    "industrial_land",
    "parks",
    "labs",
    "enterprises",
    "links",
    "districts",
    "towns",
    "water",
    "neighbours",
  ];
  const NOTES = { water: "waterNote", towns: "townsNote" };

  const line = (className) =>
    svg(
      "svg",
      { class: `stroke ${className}`, viewBox: "0 0 24 16", "aria-hidden": "true" },
      svg("path", { d: "M1 11 C7 3 13 15 23 5" }),
    );

  // What the layer of zones is depends on the layout: tiers of districts, one placed core, or cities that are tied.
  function zonesKey(layout) {
    if (layouts.madeOfDistricts(layout)) return symbols.swatch("tiers");
    return layouts.linksOf(layout).length > 0 ? symbols.swatch("partner") : symbols.drawing("core");
  }

  function layerName(layout, layer) {
    return say(layer === "zones" && layouts.linksOf(layout).length > 0 ? "layer_cities" : `layer_${layer}`);
  }

  function key(layout, layer) {
    if (layer === "zones") return zonesKey(layout);
    if (["labs", "parks", "enterprises", "industrial_land"].includes(layer)) return symbols.drawing(layer);
    if (layer === "neighbours") return symbols.swatch("outside");
    if (layer === "towns")
      return svg(
        "svg",
        { class: "symbol symbol-town", viewBox: "0 0 16 16", "aria-hidden": "true" },
        svg("circle", { cx: 8, cy: 8, r: 2.6 }),
      );
    return line(`stroke-${layer}`);
  }

  // How many there are, and how many of them have a place on the map.
  function count(layer) {
    const all = atlas.features(layer);
    const placed = all.filter((one) => one.geometry).length;
    return placed === all.length ? String(placed) : say("countOnMap", { all: all.length, placed });
  }

  function entry(layout, layer, isShown, toggle) {
    const counted = ["industrial_land", "parks", "labs", "enterprises", "links"].includes(layer);
    return html(
      "li",
      {},
      html(
        "label",
        { class: "layer" },
        html("input", {
          type: "checkbox",
          checked: isShown,
          "data-layer": layer,
          onchange: (event) => toggle(layer, event.target.checked),
        }),
        key(layout, layer),
        html(
          "span",
          { class: "title" },
          layerName(layout, layer),
          NOTES[layer] ? html("small", {}, say(NOTES[layer])) : null,
        ),
        counted ? html("span", { class: "count" }, count(layer)) : null,
      ),
    );
  }

  const ramp = () =>
    html(
      "div",
      { class: "ramp" },
      html("span", { class: "ramp-title" }, say("classRamp")),
      ["M1", "M2", "M3"].map((one) => html("span", { class: `class class-${one}` }, one)),
      html("small", {}, say("classNote")),
    );

  const drawn = (...shapes) => svg("svg", { viewBox: "0 0 32 20", "aria-hidden": "true" }, ...shapes);
  const circle = (className, r) => svg("circle", { class: className, cx: 16, cy: 10, r });
  const seal = ({ role, tier }, text) => html("span", { class: `seal seal-${tier}` }, text || role);

  function roleSigns(layout) {
    const isChinese = tongue.language === "zh";
    const tiers = new Map(layouts.zonesOf(layout).map((zone) => [zone.properties.role, zone.properties.tier]));
    return (layout.roles || [])
      .filter(({ role }) => tiers.has(role))
      .map((one) => {
        const name = tongue.capital(layouts.roleName(layout, one.role));
        const mark = seal({ role: one.role, tier: tiers.get(one.role) }, isChinese ? one.role : name);
        return sign(mark, isChinese ? name : say("roleSign", { role: one.role }), "seal");
      });
  }

  const sign = (mark, text, name) =>
    html("li", { "data-sign": name }, html("span", { class: "mark" }, mark), html("span", {}, tongue.capital(text)));

  const insetFrame = () => drawn(svg("rect", { class: "frame-mark", x: 3, y: 3, width: 26, height: 14 }));

  // Marks that only some layouts draw.
  function signsOf(layout) {
    const placed = layouts.placedZones(layout);
    const links = layouts.linksOf(layout);
    const isCity = layouts.madeOfDistricts(layout);
    return [
      ...roleSigns(layout),
      placed.length ? sign(symbols.drawing("core"), say("signCore"), "core") : null,
      placed.length ? sign(drawn(circle("accuracy accuracy-core", 9)), say("signCoreAccuracy"), "core-accuracy") : null,
      links.length
        ? sign(drawn(svg("circle", { class: "origin-mark", cx: 16, cy: 10, r: 6 })), say("origin"), "origin")
        : null,
      links.length ? sign(symbols.drawing("partner"), say("partner"), "partner") : null,
      isCity ? null : sign(symbols.swatch("context"), say("signContext"), "context"),
      isCity ? sign(insetFrame(), say("signInset"), "inset") : null,
      sign(drawn(svg("path", { class: "casing", d: "M2 16 C10 2 20 18 30 5" })), say("signOutline"), "outline"),
    ];
  }

  // Marks that every layout draws.
  const signs = () => [
    atlas.placesByDistrict().size ? sign(html("span", { class: "badge" }, "+N"), say("badgeNote"), "badge") : null,
    sign(drawn(svg("path", { class: "leader-mark", d: "M3 16 29 4" })), say("signLeader"), "leader"),
    sign(drawn(circle("schematic", 7)), say("signSchematic"), "schematic"),
    sign(drawn(circle("accuracy", 9)), say("signAccuracy"), "accuracy"),
    sign(symbols.drawing("labs", "full"), say("sourced"), "sourced"),
    sign(symbols.drawing("labs", "open"), say("address"), "address"),
  ];

  const legend = (layout, shown, toggle, imports) =>
    html(
      "section",
      { class: "legend" },
      html("h2", {}, say("layers")),
      html(
        "ul",
        { class: "layers" },
        ORDER.filter((layer) => layer in shown).map((layer) => entry(layout, layer, shown[layer], toggle)),
      ),
      imports,
      ramp(),
      html("ul", { class: "signs" }, signsOf(layout), signs()),
    );

  return { legend };
})();
