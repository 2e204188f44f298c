"use strict";

// Names on the map: made once for a layout and a language, placed anew after each move so that none collide.
BioPlan.labels = (map, furniture, elsewhere = () => false) => {
  const { placement } = BioPlan;
  const MARGIN = 4;
  const NARROW = 600;
  const pane = map.createPane("labels");
  pane.style.zIndex = 640;
  pane.classList.add("leaflet-zoom-hide");
  const leaders = BioPlan.nodes.svg("svg", { class: "leaders", "aria-hidden": "true" });
  let items = [];

  function show(wanted) {
    pane.replaceChildren(leaders, ...wanted.map((item) => item.element));
    items = wanted;
    for (const item of items) item.size = null;
    arrange();
  }

  function measure(item) {
    if (item.size) return;
    item.element.classList.remove("away");
    item.size = { width: item.element.offsetWidth, height: item.element.offsetHeight };
  }

  // A place that the inset names is not named twice; a district there may stay close to its place or give way.
  const visible = (item) =>
    map.getZoom() >= (item.minZoom || 0) && map.hasLayer(item.group) && (item.must || !elsewhere(item));
  const wish = (item) => {
    const giving = item.must && map.getSize().x < NARROW && elsewhere(item);
    return { ...item, must: item.must && !giving, reach: giving ? 24 : item.reach };
  };

  // Names keep clear of the symbols, and of title block, inset and buttons that lie over the map.
  function boxes(elements, margin) {
    const origin = map.getContainer().getBoundingClientRect();
    return elements
      .map((element) => element.getBoundingClientRect())
      .filter((rect) => rect.width > 0)
      .map((rect) =>
        placement.box(
          rect.left - origin.left - margin,
          rect.top - origin.top - margin,
          rect.width + 2 * margin,
          rect.height + 2 * margin,
        ),
      );
  }

  // Symbols that the inset shows large are small dots here, which a district's name may cover.
  const symbols = () =>
    [...map.getPane("markerPane").children].filter(
      (one) => !(one.classList.contains("central") && map.getContainer().classList.contains("inset-shown")),
    );

  function candidates(item) {
    const at = map.latLngToContainerPoint(item.latlng);
    if (item.radius) return placement.aroundPoint(at, item.size, item.radius);
    const isOn = (point) => {
      const { lng, lat } = map.containerPointToLatLng(point);
      return placement.within(item.area, [lng, lat]);
    };
    return placement.onArea(at, item.size, item.reach, isOn);
  }

  function lead(item, found) {
    if (item.radius) return;
    const from = map.latLngToContainerPoint(item.latlng);
    const to = {
      x: Math.max(found.left, Math.min(from.x, found.right)),
      y: Math.max(found.top, Math.min(from.y, found.bottom)),
    };
    if (Math.hypot(from.x - to.x, from.y - to.y) < 14) return;
    const [a, b] = [from, to].map((point) => map.containerPointToLayerPoint([point.x, point.y]));
    leaders.append(BioPlan.nodes.svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y }));
  }

  function arrange() {
    const size = map.getSize();
    const frame = placement.box(16, 16, size.x - 32, size.y - 46);
    const view = map.getBounds().pad(0.1);
    const standing = items.filter((item) => visible(item) && view.contains(item.latlng));
    leaders.replaceChildren();
    for (const item of items) item.element.classList.add("away");
    standing.forEach(measure);
    const obstacles = [...boxes(furniture(), MARGIN), ...boxes(symbols(), 0)];
    const wanted = standing.map(wish).map((item) => ({ ...item, candidates: candidates(item) }));
    placement.place(wanted, obstacles, frame).forEach((found, at) => {
      if (!found) return;
      const item = standing[at];
      item.element.classList.remove("away");
      L.DomUtil.setPosition(item.element, map.containerPointToLayerPoint([found.left, found.top]));
      lead(item, found);
    });
  }

  map.on("zoomend moveend resize layeradd layerremove", L.Util.throttle(arrange, 60, null));
  return { show, arrange };
};
