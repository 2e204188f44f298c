"use strict";

// The small map of a page: this page's own features, fetched as GeoJSON from the page's own address, over the outlines
// of the districts. Values reach the page as text nodes only.
(() => {
  const { html } = BioPlan.nodes;
  const MOST_SHAPES_IN_SVG = 1500;
  const GROUND_LIMIT = 60;
  const CLASS_COLOURS = { M1: "#d9be9f", M2: "#bb9674", M3: "#873e1b" };
  const TIER_COLOURS = { 1: "#b1402f", 2: "#c9832f", 3: "#7f9a63" };
  const INK = "#1f4f80";
  const CHOSEN = "#b1402f";
  const GROUND = { color: "#a89d84", weight: 0.8, fillColor: "#f7f3e9", fillOpacity: 1, interactive: false };
  const ACCURACY = { color: "#6b6456", weight: 1.2, dashArray: "2 4", fillColor: "#1f4f80", fillOpacity: 0.06, interactive: false };
  const NEAR = { color: CHOSEN, weight: 3, fillColor: "#fffdf6", fillOpacity: 1, radius: 6, interactive: false };
  const LEAST_WIDTH_M = 24000;
  const FRAME = { color: "#6b6456", weight: 1.2, dashArray: "5 4", fill: false, interactive: false };

  const holder = document.querySelector("[data-map]");
  if (!holder) return;
  const { source, ground, bbox, layer, items, language, tiles, finest } = holder.dataset;

  const map = L.map(holder, { attributionControl: false, minZoom: 3, maxZoom: 19, zoomSnap: 0.25, center: [30.2, 120.2], zoom: 8 });
  L.control.scale({ imperial: false }).addTo(map);
  map.createPane("ground").style.zIndex = 350;

  const byId = new Map();
  let chosen = null;

  const colour = ({ properties }) => CLASS_COLOURS[properties?.land_class] || TIER_COLOURS[properties?.tier] || INK;

  function style(feature) {
    const areal = /Polygon|Collection/.test(feature.geometry.type);
    if (/Point/.test(feature.geometry.type)) {
      return { color: "#fff", weight: 1.4, opacity: 1, fillColor: colour(feature), fillOpacity: 0.95, radius: 6.5 };
    }
    return {
      color: colour(feature), weight: areal ? 1.2 : 2.4, opacity: 0.95, fillColor: colour(feature), fillOpacity: 0.26,
      fill: areal, dashArray: feature.properties?.status === "proposed" ? "7 5" : null,
    };
  }

  const named = ({ id, properties }) => {
    const order = language === "en" ? ["name_en", "name_zh", "name"] : ["name_zh", "name_en", "name"];
    return order.map((name) => properties?.[name]).find((name) => typeof name === "string" && name) || String(id);
  };

  function caption(feature) {
    const collection = feature.properties?.layer || layer;
    const title = html("bdi", {}, named(feature));
    if (feature.id === undefined || !collection || "single" in holder.dataset) return html("p", {}, title);
    const href = `${items.replace(/\/?(\?.*)?\/?$/, "/")}${encodeURIComponent(collection)}/items/${encodeURIComponent(feature.id)}${location.search.match(/[?&]lang=(zh|en)/) ? `?lang=${language}` : ""}`;
    return html("p", {}, html("a", { href }, title));
  }

  const rowOf = (id) => [...document.querySelectorAll("tr[data-id]")].find((row) => row.dataset.id === String(id));

  function choose(id) {
    if (chosen !== null) {
      byId.get(chosen)?.forEach((shape) => shape.setStyle(style(shape.feature)));
      rowOf(chosen)?.classList.remove("chosen-row");
    }
    chosen = id;
    byId.get(id)?.forEach((shape) => shape.setStyle({ color: CHOSEN, fillColor: CHOSEN, weight: 3 }).bringToFront());
    rowOf(id)?.classList.add("chosen-row");
  }

  function onEach(feature, shape) {
    const id = String(feature.id);
    const parts = shape instanceof L.LayerGroup ? shape.getLayers() : [shape];
    for (const part of parts) part.feature = feature;
    byId.set(id, [...(byId.get(id) || []), ...parts]);
    shape.bindPopup(() => caption(feature), { closeButton: false, autoPanPadding: [20, 20] });
    shape.on("mouseover", () => choose(id));
  }

  function draw(features) {
    const placed = features.filter((feature) => feature && feature.geometry);
    const renderer = placed.length > MOST_SHAPES_IN_SVG ? L.canvas({ padding: 0.3 }) : L.svg({ padding: 0.3 });
    const shapes = L.geoJSON(placed, {
      renderer,
      style: (feature) => ({ ...style(feature), renderer }),
      pointToLayer: (feature, at) => L.circleMarker(at, { ...style(feature), renderer }),
      onEachFeature: onEach,
    }).addTo(map);
    return shapes.getLayers().length ? shapes.getBounds() : null;
  }

  // Never so close that nothing around a place could be seen.
  function show(bounds) {
    if (!bounds || !bounds.isValid()) return;
    const around = bounds.getCenter().toBounds(LEAST_WIDTH_M);
    const isPoint = bounds.getNorthEast().distanceTo(bounds.getSouthWest()) < 1;
    map.fitBounds(isPoint ? bounds.extend(around) : bounds, { padding: [24, 24], maxZoom: 16, animate: false });
  }

  // How exactly a single place is known: a dashed circle, as on the map of everything.
  function circle(feature) {
    const metres = feature.properties?.accuracy_m;
    if (!("single" in holder.dataset) || feature.geometry?.type !== "Point" || !(metres > 0)) return;
    const [longitude, latitude] = feature.geometry.coordinates;
    L.circle([latitude, longitude], { ...ACCURACY, radius: metres }).addTo(map);
  }

  function tell(text) {
    holder.querySelector(".map-note")?.remove();
    holder.append(html("p", { class: "map-note", role: "status" }, text));
  }

  const frame = () => {
    const [west, south, east, north] = bbox.split(",").map(Number);
    return L.latLngBounds([south, west], [north, east]);
  };

  async function fetched(address) {
    const answer = await fetch(address, { headers: { Accept: "application/geo+json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  // The districts that lie in view; a service without them has an empty ground, which is no fault.
  async function lay() {
    const view = map.getBounds().pad(0.4);
    const box = [Math.max(view.getWest(), -180), Math.max(view.getSouth(), -90), Math.min(view.getEast(), 180), Math.min(view.getNorth(), 90)];
    const query = `limit=${GROUND_LIMIT}&f=json&bbox=${box.map((edge) => edge.toFixed(3)).join(",")}`;
    const districts = await fetched(`${ground.replace(/\?.*/, "")}?${query}`);
    const placed = districts.features.filter((feature) => feature.geometry);
    L.geoJSON(placed, { pane: "ground", style: GROUND }).addTo(map);
    return placed;
  }

  // Names of districts that do not stand on one another.
  function name(districts) {
    const labels = districts
      .filter(({ properties }) => Number.isFinite(properties.label_lat) && Number.isFinite(properties.label_lon))
      .map(({ properties }) => {
        const text = html("bdi", {}, language === "en" ? properties.name_en : properties.name_zh);
        const icon = L.divIcon({ className: "district-name", html: text, iconSize: null });
        return L.marker([properties.label_lat, properties.label_lon], { icon, interactive: false, keyboard: false, pane: "ground" }).addTo(map);
      });
    const part = () => {
      const taken = [];
      for (const label of labels) {
        const element = label.getElement();
        element.style.visibility = "";
        const box = element.firstChild.getBoundingClientRect();
        const meets = taken.some((other) => box.left < other.right + 4 && other.left < box.right + 4 && box.top < other.bottom && other.top < box.bottom);
        if (meets) element.style.visibility = "hidden";
        else taken.push(box);
      }
    };
    map.on("zoomend", part);
    part();
  }

  function joinTable() {
    for (const row of document.querySelectorAll("tr[data-id]")) {
      const pick = () => choose(row.dataset.id);
      row.addEventListener("mouseenter", pick);
      row.addEventListener("focusin", pick);
    }
  }

  function offerBox() {
    const button = document.querySelector("[data-take-bbox]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const view = map.getBounds();
      const edges = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
      document.getElementById("bbox").value = edges.map((edge) => edge.toFixed(4)).join(",");
    });
  }

  // The place that sites were sought near.
  function pin(near) {
    if (near?.geometry?.type !== "Point") return;
    const [longitude, latitude] = near.geometry.coordinates;
    const mark = L.circleMarker([latitude, longitude], NEAR).addTo(map);
    mark.bindTooltip(html("bdi", {}, named({ id: near.id, properties: near })), { permanent: true, direction: "right", offset: [8, 0], className: "near-name" });
    return mark.getLatLng();
  }

  // A page of features, one feature, or a layout with its zones and links.
  function featuresOf(answer) {
    if (answer.type === "Feature") return [answer];
    return [...(answer.features || []), ...(answer.zones?.features || []), ...(answer.proposed_links?.features || [])];
  }

  async function start() {
    joinTable();
    offerBox();
    if (bbox) L.rectangle(frame(), FRAME).addTo(map);
    if (bbox) show(frame());
    if (tiles) BioPlan.tiles(tiles, Number(finest)).on("tileerror", () => tell(holder.dataset.failed)).addTo(map);
    else await drawSource();
    if (ground) await lay().then(name, () => {});
    holder.dataset.ready = "";
  }

  async function drawSource() {
    try {
      const answer = await fetched(source);
      const features = featuresOf(answer);
      features.forEach(circle);
      const bounds = draw(features);
      const near = pin(answer.near);
      if (bounds && near) bounds.extend(near);
      if (!bbox) show(bounds);
      if (!bounds && !bbox) tell(holder.dataset.empty);
    } catch {
      tell(holder.dataset.failed);
    }
  }

  start();
})();
