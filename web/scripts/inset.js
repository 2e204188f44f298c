"use strict";

// The central districts, enlarged in a corner of the plate while the main map shows the whole city.
BioPlan.inset = (() => {
  const { nodes, tongue } = BioPlan;
  const AREA = [[30.115, 119.87], [30.475, 120.47]];
  const FAR = 9.9;
  let sheet = null;
  let labels = null;
  let caption = null;

  const groups = (map) => Object.fromEntries(
    ["neighbours", "zones", "districts", "water", "towns", "industrial_land", "parks", "labs", "enterprises", "links"]
      .map((name) => [name, L.featureGroup().addTo(map)]));

  function make(onopen) {
    const holder = document.getElementById("inset");
    const canvas = nodes.html("div", { class: "inset-map", "aria-hidden": "true", inert: true });
    caption = nodes.html("button", { type: "button", class: "inset-caption", onclick: () => onopen(AREA) });
    holder.append(canvas, caption);
    const map = L.map(canvas, {
      zoomControl: false, attributionControl: false, dragging: false, scrollWheelZoom: false, doubleClickZoom: false,
      keyboard: false, touchZoom: false, boxZoom: false, zoomSnap: 0, zoomAnimation: false, fadeAnimation: false,
    });
    map.fitBounds(AREA, { padding: [0, 0] });
    sheet = BioPlan.sheet(map, groups(map), { interactive: false });
    labels = BioPlan.labels(map, () => []);
  }

  const suits = (layout) => (layout.area_adcode || "").length === 4 && BioPlan.layouts.madeOfDistricts(layout);

  function draw(layout, mainMap) {
    if (!suits(layout)) return toggle(layout, mainMap);
    caption.replaceChildren(tongue.say("inset"));
    caption.setAttribute("aria-label", tongue.say("insetLabel"));
    toggle(layout, mainMap);
    sheet.map.invalidateSize({ animate: false });
    sheet.map.fitBounds(AREA, { padding: [0, 0], animate: false });
    sheet.draw(layout);
    labels.show(BioPlan.names.all(sheet, layout, { inset: true }));
  }

  function toggle(layout, mainMap) {
    document.getElementById("inset").hidden = !(suits(layout) && mainMap.getZoom() < FAR);
  }

  return { make, draw, toggle, AREA };
})();
