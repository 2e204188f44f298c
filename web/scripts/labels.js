"use strict";

// Names on the map: made once for a layout and a language, placed anew after each move so that none collide.
// With an inset, what lies elsewhere is named there first, and the badges of such districts are handed over to it.
BioPlan.labels = (map, furniture, elsewhere = null) => {
  const { placement } = BioPlan;
  const MARGIN = 4;
  const LEAD = 150;
  const OVERHANG = 0.34; // the share of a name that may hang over other zones, its middle being at home
  const OVERHANG_BESIDE_INSET = 0.27;
  const SMALL = 60;
  const HARD = ".place-industrial_land, .place-core, .place-partner";
  const FORMS = { row: [], stacked: ["stacked"], lone: ["lone"] };
  const pane = map.createPane("labels");
  pane.style.zIndex = 640;
  pane.classList.add("leaflet-zoom-hide");
  pane.parentElement.prepend(pane); // by keyboard its badges come before the symbols
  const leaders = BioPlan.nodes.svg("svg", { class: "leaders", "aria-hidden": "true" });
  let items = [];
  let isDue = false;

  function show(wanted) {
    items = wanted;
    for (const { id, element } of items) {
      element.classList.add("away");
      element.dataset.of = id;
    }
    pane.replaceChildren(leaders, ...items.map((item) => item.element));
    arrange();
  }

  const isElsewhere = (item) => elsewhere !== null && elsewhere(item);
  const isNamed = (item) => item.groupsOf.some((group) => map.hasLayer(group));
  const hasBadge = (item) => Boolean(item.badge) && item.badge.parentElement === item.element && item.isListed();
  const isStanding = (item) =>
    map.getZoom() >= (item.minZoom || 0) && (isNamed(item) || hasBadge(item)) && (item.area || !isElsewhere(item));

  function wear(item, form) {
    item.element.classList.remove("stacked", "lone");
    item.element.classList.add(...FORMS[form]);
  }

  function measure(item) {
    if (item.sizes && item.sizes.badge === item.element.childElementCount) return;
    item.sizes = { badge: item.element.childElementCount };
    for (const form of item.area ? Object.keys(FORMS) : ["row"]) {
      wear(item, form);
      item.sizes[form] = { width: item.element.offsetWidth, height: item.element.offsetHeight };
    }
  }

  // Sizes change with the fonts, and those with the width of the page.
  function forget() {
    for (const item of items) item.sizes = null;
    arrangeSoon();
  }

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
  function obstacles() {
    const isShown = map.getContainer().classList.contains("inset-shown");
    const symbols = [...map.getPane("markerPane").children].filter(
      (one) => !(isShown && one.classList.contains("central")),
    );
    const circles = [...map.getPanes().circles.querySelectorAll("path.schematic")].filter(
      (one) => one.getBoundingClientRect().width < SMALL,
    );
    return {
      hard: [
        ...boxes(furniture(), MARGIN),
        ...boxes([...circles, ...symbols.filter((one) => one.matches(HARD))], 0),
      ],
      soft: boxes(
        symbols.filter((one) => !one.matches(HARD)),
        0,
      ),
    };
  }

  // The districts in pixels of the container.
  function ground() {
    const corner = map.getPixelBounds().min;
    const scale = map.getZoomScale(map.getZoom(), 0);
    const pixels = (ring) => ring.map(({ x, y }) => ({ x: x * scale - corner.x, y: y * scale - corner.y }));
    const shapes = items.filter((item) => item.area).map((item) => ({ owner: item, outlines: item.area.map(pixels) }));
    return placement.ground(shapes, map.getSize());
  }

  // Named at home, else abroad with a line that leads home; else its badge alone stands there.
  function districtGroups(item, at, under) {
    const inInset = isElsewhere(item);
    const groups = [];
    if (isNamed(item)) {
      const most = inInset ? OVERHANG_BESIDE_INSET : OVERHANG;
      const candidates = placement.atHome(item, at, ["row", "stacked"], under, most);
      groups.push({ must: item.must && !inInset, candidates });
      if (item.isZone && !inInset) {
        groups.push({ must: true, candidates: placement.abroad(item, at, "row", under, LEAD) });
      }
    }
    if (hasBadge(item)) {
      const points = placement.rings(at, 0, item.reach, 6).filter((point) => under(point) === item);
      const candidates = points.map((point) => ({ ...placement.centred(point, item.sizes.lone), form: "lone" }));
      groups.push({ must: true, candidates });
    }
    return groups;
  }

  function pointGroups(item, at) {
    const radius = item.radius();
    const beside = { must: item.must, candidates: placement.aroundPoint(at, item.sizes.row, radius) };
    if (!item.mayLead) return [beside];
    const further = placement.rings(at, radius + 20, radius + LEAD, 8);
    const candidates = further.flatMap((point) => {
      const one = { ...placement.centred(point, item.sizes.row), from: at };
      return [one, { ...one, at: one.right - 2 }, { ...one, at: one.left + 2 }];
    });
    const length = (one) => Math.hypot(placement.end(one).x - at.x, placement.end(one).y - at.y);
    return [beside, { must: true, candidates: candidates.sort((a, b) => length(a) - length(b)) }];
  }

  // A line from the place, or from the edge of its circle, to the name.
  function lead(item, found) {
    const at = map.latLngToContainerPoint(item.latlng);
    if (!found.from && !item.mayLead) return;
    const to = placement.end({ ...found, from: at });
    const length = Math.hypot(to.x - at.x, to.y - at.y);
    const skipped = item.mayLead ? item.radius() : 0;
    if (length - skipped < 3) return;
    const share = skipped / length;
    const from = { x: at.x + (to.x - at.x) * share, y: at.y + (to.y - at.y) * share };
    const [a, b] = [from, to].map((point) => map.containerPointToLayerPoint([point.x, point.y]));
    const { svg } = BioPlan.nodes;
    leaders.append(svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y, "data-of": item.id }));
    if (!item.mayLead) leaders.append(svg("circle", { cx: a.x, cy: a.y, r: 2 }));
  }

  // Each badge is one button: it stands by its name here, or by its name in the inset.
  function shareBadges() {
    const given = new Map();
    if (elsewhere === null) return;
    for (const item of items.filter((one) => one.badge)) {
      if (isElsewhere(item)) given.set(item.id, item);
      else if (item.badge.parentElement !== item.element) item.element.append(item.badge);
    }
    BioPlan.inset.take(given);
  }

  function take(given) {
    for (const item of items) {
      const giver = given.get(item.id);
      if (giver && giver.badge.parentElement !== item.element) {
        item.element.querySelector(".badge")?.remove();
        item.element.append(giver.badge);
      }
      [item.badge, item.isListed] = giver ? [giver.badge, giver.isListed] : [null, null];
    }
    arrange();
  }

  function arrange() {
    isDue = false;
    const size = map.getSize();
    if (size.x === 0 || size.y === 0) return;
    const edge = elsewhere === null ? 3 : 16;
    const frame = placement.box(edge, edge, size.x - 2 * edge, size.y - (elsewhere === null ? 6 : 46));
    const view = map.getBounds().pad(0.1);
    shareBadges();
    for (const item of items) item.element.classList.add("away");
    leaders.replaceChildren();
    const standing = items.filter((item) => view.contains(item.latlng) && isStanding(item));
    standing.forEach(measure);
    const under = ground();
    const wanted = standing.map((item) => {
      const at = map.latLngToContainerPoint(item.latlng);
      const groups = item.area ? districtGroups(item, at, under) : pointGroups(item, at);
      return { priority: item.priority, groups };
    });
    placement.place(wanted, obstacles(), frame).forEach((found, at) => {
      if (!found) return;
      const item = standing[at];
      wear(item, found.form || "row");
      item.element.classList.remove("away");
      item.element.classList.toggle("west", found.right <= map.latLngToContainerPoint(item.latlng).x);
      L.DomUtil.setPosition(item.element, map.containerPointToLayerPoint([found.left, found.top]));
      lead(item, found);
    });
  }

  // Once for whatever happens together, and after all that hear of it.
  function arrangeSoon() {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => isDue && arrange());
  }

  map.on("zoomend moveend layeradd layerremove", arrangeSoon);
  map.on("resize", forget);
  document.fonts.addEventListener("loadingdone", forget);
  return { show, arrange, take };
};
