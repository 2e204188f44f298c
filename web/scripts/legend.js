"use strict";

// The legend is the layer control: each entry shows its symbol and switches its layer.
BioPlan.legend = (() => {
  const { atlas, symbols, tongue } = BioPlan;
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

  function key(layer) {
    if (["labs", "parks", "enterprises", "industrial_land"].includes(layer)) return symbols.drawing(layer);
    if (layer === "zones" || layer === "neighbours") return symbols.swatch(layer === "zones" ? "tiers" : "outside");
    if (layer === "towns")
      return svg(
        "svg",
        { class: "symbol symbol-town", viewBox: "0 0 16 16", "aria-hidden": "true" },
        svg("circle", { cx: 8, cy: 8, r: 2.6 }),
      );
    return line(`stroke-${layer}`);
  }

  const count = (layer) => atlas.features(layer).length;

  function entry(layer, isShown, toggle) {
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
        key(layer),
        html(
          "span",
          { class: "title" },
          say(`layer_${layer}`),
          NOTES[layer] ? html("small", {}, say(NOTES[layer])) : null,
        ),
        counted ? html("span", { class: "count" }, String(count(layer))) : null,
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

  const basis = () =>
    html(
      "div",
      { class: "basis" },
      html("span", {}, symbols.drawing("labs", "full"), say("sourced")),
      html("span", {}, symbols.drawing("labs", "open"), say("address")),
    );

  const circles = () =>
    html(
      "p",
      { class: "circles" },
      svg(
        "svg",
        { viewBox: "0 0 40 22", "aria-hidden": "true" },
        svg("circle", { class: "accuracy", cx: 20, cy: 11, r: 10 }),
        svg("circle", { class: "schematic", cx: 20, cy: 11, r: 5 }),
      ),
      html("span", {}, say("schematicNote")),
    );

  const legend = (shown, toggle) =>
    html(
      "section",
      { class: "legend" },
      html("h2", {}, say("layers")),
      html(
        "ul",
        { class: "layers" },
        ORDER.filter((layer) => layer in shown).map((layer) => entry(layer, shown[layer], toggle)),
      ),
      ramp(),
      circles(),
      basis(),
    );

  return { legend };
})();
