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
  const OWN = ["zones", "districts", "industrial_land", "parks", "labs", "enterprises"];
  const holder = document.getElementById("inset");
  const caption = nodes.html("button", { type: "button", class: "inset-caption" });
  holder.parentElement.prepend(holder); // by keyboard its badges come before the symbols of the main map
  let sheet = null;
  let labels = null;
  let stale = true;

  // Made when it is first seen: a map without a size has no scale.
  function make() {
    const canvas = nodes.html("div", { class: "inset-map" });
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
    map.on("resize", () => map.getSize().x > 0 && map.fitBounds(AREA));
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

  // Shown where the layout spans a city, the main map shows all of it, and a layer is on that it can show.
  function update(layout, zoom, shown) {
    holder.hidden = !(BioPlan.layouts.madeOfDistricts(layout) && zoom < FAR && OWN.some((name) => shown[name]));
    if (!isShown()) return;
    if (stale) draw(layout, shown);
    else sheet.map.invalidateSize(false);
  }

  // The badges of districts that are named here.
  const take = (given) => sheet && labels.take(given);

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

  return { update, reserve, take, renew, onopen, isShown, outline, AREA };
})();
