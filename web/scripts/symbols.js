"use strict";

// Point symbols of each layer, the same on the map and in the legend; colours stand in map.css.
BioPlan.symbols = (() => {
  const { svg } = BioPlan.nodes;
  const SHAPES = {
    labs: () => svg("circle", { cx: 8, cy: 8, r: 5.4 }),
    parks: () => svg("path", { d: "M8 1.6 14.4 8 8 14.4 1.6 8Z" }),
    enterprises: () => svg("path", { d: "M8 2.2 14.2 13.2H1.8Z" }),
    industrial_land: () => svg("rect", { x: 2.2, y: 2.2, width: 11.6, height: 11.6 }),
    core: () =>
      svg("g", {}, svg("circle", { class: "ring", cx: 8, cy: 8, r: 7.2 }), svg("circle", { cx: 8, cy: 8, r: 4.2 })),
    partner: () =>
      svg("g", {}, svg("circle", { class: "ring", cx: 8, cy: 8, r: 6.2 }), svg("circle", { cx: 8, cy: 8, r: 2.4 })),
  };

  // A position that was set by address or locality is drawn open; a sourced one is drawn full.
  const openness = (properties) => (properties.position_basis === "address" ? "open" : "full");

  const drawing = (layer, style = "full") =>
    svg(
      "svg",
      { class: `symbol symbol-${layer} ${style}`, viewBox: "0 0 16 16", "aria-hidden": "true" },
      SHAPES[layer](),
    );

  const SIDE_STEP = 13;
  const SIZES = { core: 30, partner: 18, industrial_land: 15, parks: 14, labs: 13, enterprises: 12 };

  // Places at one position stand side by side: shift counts the symbols that are there already.
  function icon(layer, properties, shift = 0, isCentral = false) {
    const size = SIZES[layer];
    return L.divIcon({
      className: [
        "place",
        `place-${layer}`,
        properties.land_class ? `land-${properties.land_class}` : "",
        isCentral ? "central" : "",
      ]
        .join(" ")
        .trim(),
      html: drawing(layer, openness(properties)),
      iconSize: [size, size],
      iconAnchor: [size / 2 - shift * SIDE_STEP, size / 2],
      popupAnchor: [shift * SIDE_STEP, -size / 2],
    });
  }

  const swatch = (part) => BioPlan.nodes.html("span", { class: `swatch part-${part}`, "aria-hidden": "true" });

  return { drawing, icon, swatch, size: (layer) => SIZES[layer] };
})();
