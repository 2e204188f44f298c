"use strict";

// The central districts, enlarged in a corner of the plate while the main map shows the whole city.
BioPlan.inset = (() => {
  const { nodes, tongue } = BioPlan;
  const AREA = [
    [30.115, 119.87],
    [30.475, 120.47],
  ];
  const FAR = 9.9;
  const GROUPS = [
    "neighbours",
    "zones",
    "districts",
    "water",
    "towns",
    "links",
    "industrial_land",
    "parks",
    "labs",
    "enterprises",
  ];
  const holder = document.getElementById("inset");
  const caption = nodes.html("button", { type: "button", class: "inset-caption" });
  let sheet = null;
  let labels = null;
  let stale = true;

  // Made when it is first seen: a map without a size has no scale.
  function make() {
    const canvas = nodes.html("div", { class: "inset-map", inert: true });
    holder.append(canvas, caption);
    const map = L.map(canvas, {
      zoomControl: false,
      attributionControl: false,
      dragging: false,
      scrollWheelZoom: false,
      doubleClickZoom: false,
      keyboard: false,
      touchZoom: false,
      boxZoom: false,
      zoomSnap: 0,
      zoomAnimation: false,
      fadeAnimation: false,
    });
    map.fitBounds(AREA);
    const groups = Object.fromEntries(GROUPS.map((name) => [name, L.featureGroup().addTo(map)]));
    map.getContainer().classList.add("too-fine-for-water", "too-coarse-for-towns");
    sheet = BioPlan.sheet(map, groups, { interactive: false });
    labels = BioPlan.labels(map, () => [caption]);
  }

  function draw(layout, shown) {
    if (!sheet) make();
    caption.replaceChildren(tongue.say("inset"));
    caption.setAttribute("aria-label", tongue.say("insetLabel"));
    sheet.draw(layout);
    for (const name of GROUPS) {
      if (shown[name]) sheet.groups[name].addTo(sheet.map);
      else sheet.groups[name].remove();
    }
    labels.show(BioPlan.names.all(sheet, layout));
    stale = false;
  }

  // Shown where the layout spans a city and the main map shows all of it.
  function update(layout, zoom, shown) {
    holder.hidden = !(BioPlan.layouts.madeOfDistricts(layout) && zoom < FAR);
    if (stale && isShown()) draw(layout, shown);
  }

  const isShown = () => holder.offsetWidth > 0;

  // Takes its place before the main map is fitted around it.
  function reserve(layout) {
    holder.hidden = !BioPlan.layouts.madeOfDistricts(layout);
  }

  function renew() {
    stale = true;
  }

  const outline = (map) =>
    L.rectangle(AREA, { pane: "borders", className: "inset-area", interactive: false }).addTo(map);

  const onopen = (show) => holder.addEventListener("click", () => show(AREA));

  return { update, reserve, renew, onopen, isShown, outline, AREA };
})();
