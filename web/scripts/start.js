"use strict";

// Called by the script that Folium writes, with its map and its layer groups by name.
BioPlan.start = (map, groups) => {
  const { address, atlas, frame, inset, layouts, names, nodes, panel, popups, tongue } = BioPlan;
  const WATER_ZOOM = 9.25;
  const TOWN_ZOOM = 11;
  const state = {
    layout: atlas.layouts[0],
    shown: Object.fromEntries(Object.keys(groups).map((name) => [name, true])),
    imports: [],
  };
  const sheet = BioPlan.sheet(map, groups);
  const imports = BioPlan.imports.control(map, groups.imports, sheet, () => openPanel(false));
  const labels = BioPlan.labels(
    map,
    () => [
      ...document.querySelectorAll("#cartouche, #inset, #remark, #north, #imprint, #handle, #sheet .leaflet-control"),
    ],
    (item) => inset.isShown() && L.latLngBounds(inset.AREA).contains(item.latlng),
  );
  const scale = L.control.scale({ imperial: false, maxWidth: 160, position: "bottomleft" });
  scale._updateMetric = (most) => {
    const metres = scale._getRoundNum(most);
    scale._updateScale(scale._mScale, tongue.distance(metres), metres / most);
  };
  scale.addTo(map);
  const zoom = L.control.zoom({ position: "topright" }).addTo(map);
  const home = nodes.html("a", { href: "#", role: "button", class: "home" }, "⤢");

  function fit() {
    frame.title(state.layout);
    frame.remark(state.layout);
    inset.reserve(state.layout);
    BioPlan.view.fit(map, state.layout);
  }

  function dress() {
    const zoomed = map.getZoom();
    const container = map.getContainer();
    container.classList.toggle("own-links", layouts.linksOf(state.layout).length > 0);
    container.classList.toggle("too-fine-for-water", zoomed > WATER_ZOOM);
    container.classList.toggle("too-coarse-for-towns", zoomed < TOWN_ZOOM);
    container.dataset.scale = zoomed < 9.75 ? "far" : zoomed < 11.5 ? "middle" : "near";
    inset.update(state.layout, zoomed, state.shown);
    container.classList.toggle("inset-shown", inset.isShown());
    frame.graticule(map);
  }

  // The map's credits name an imported layer's owner while it is drawn.
  const creditsOfImports = () =>
    atlas.imports.filter(({ id }) => state.imports.includes(id)).map((layer) => layer.attribution);

  function render() {
    document.documentElement.lang = tongue.language === "zh" ? "zh-CN" : "en";
    document.getElementById("skip").textContent = tongue.say("skip");
    nameHandle();
    map.getContainer().setAttribute("aria-label", tongue.say("map"));
    for (const [button, key] of [
      [zoom._zoomInButton, "zoomIn"],
      [zoom._zoomOutButton, "zoomOut"],
      [home, "home"],
    ]) {
      button.title = tongue.say(key);
      button.setAttribute("aria-label", tongue.say(key));
    }
    frame.title(state.layout);
    frame.remark(state.layout);
    frame.imprint(creditsOfImports());
    sheet.draw(state.layout);
    panel.show(state.layout, state.shown, actions, imports.section(actions.toggleImport));
    inset.renew();
    scale._update();
    dress();
    labels.show(names.all(sheet, state.layout));
    address.write(state);
  }

  const actions = {
    switchLanguage() {
      tongue.language = tongue.language === "zh" ? "en" : "zh";
      render();
      imports.refresh();
      document.querySelector(".language").focus();
    },
    showLayout(id) {
      state.layout = atlas.layouts.find((one) => one.id === id);
      address.enter(state);
      fit();
      render();
      document.querySelector(`[data-layout="${id}"]`).focus();
    },
    toggleLayer(name, shown) {
      state.shown[name] = shown;
      if (shown) groups[name].addTo(map);
      else groups[name].remove();
      inset.renew();
      dress();
    },
    toggleImport(id, shown) {
      state.imports = shown ? [...state.imports, id] : state.imports.filter((one) => one !== id);
      imports.show(state.imports);
      frame.imprint(creditsOfImports());
      address.write(state);
    },
    showZone(zone) {
      openPanel(false);
      const member = atlas.districts.get((zone.properties.members || [])[0]);
      const district = layouts.madeOfDistricts(state.layout) ? member : null;
      if (district) map.fitBounds(L.geoJSON(district).getBounds(), { maxZoom: 11, padding: [40, 40], animate: false });
      const at = district ? names.centre(district) : sheet.positions(zone)[0];
      if (!district) map.setView(at, 12, { animate: false });
      sheet.open(at, popups.zone(state.layout, zone, district));
    },
    showLink(link) {
      openPanel(false);
      const [longitude, latitude] = link.geometry.coordinates.at(-1);
      sheet.open(L.latLng(latitude, longitude), popups.link(link));
    },
  };

  // On a narrow map the panel slides over it, and leaves when it has led to a place.
  const plates = document.body.classList;
  const handle = document.getElementById("handle");
  const side = document.getElementById("panel");

  function nameHandle() {
    handle.setAttribute("aria-expanded", String(plates.contains("panel-open")));
    handle.textContent = tongue.say(plates.contains("panel-open") ? "close" : "open");
  }

  function openPanel(isOpen) {
    plates.toggle("panel-open", isOpen);
    nameHandle();
  }

  function enterPanel() {
    openPanel(handle.offsetWidth > 0);
    side.focus();
  }

  function leavePanel(event) {
    if (event.key !== "Escape" || !plates.contains("panel-open")) return;
    openPanel(false);
    handle.focus();
  }

  // What lies under an open popup steps back, and is there again as soon as it closes, though it still fades.
  let facts = null;
  function yieldTo(popup) {
    facts = popup;
    frame.giveWay(facts && facts.getElement());
  }

  window.addEventListener("hashchange", () => {
    const before = state.layout;
    address.read(state);
    if (state.layout !== before) fit();
    imports.show(state.imports);
    render();
  });
  address.read(state);
  zoom.getContainer().append(home);
  L.DomEvent.on(home, "click", (event) => {
    L.DomEvent.stop(event);
    fit();
    dress();
  });
  handle.addEventListener("click", () => (plates.contains("panel-open") ? openPanel(false) : enterPanel()));
  side.addEventListener("keydown", leavePanel);
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    enterPanel();
  });
  frame.north();
  inset.outline(map);
  inset.onopen((area) => map.fitBounds(area));
  map.on("zoomend moveend resize", dress);
  map.on("resize", frame.foldImprint);
  map.on("popupopen", ({ popup }) => requestAnimationFrame(() => popup.isOpen() && yieldTo(popup)));
  map.on("popupclose", () => yieldTo(null));
  map.on("moveend", () => requestAnimationFrame(() => yieldTo(facts)));
  map.on("popupopen", ({ popup }) => BioPlan.view.keepFocus(map, popup.getElement()));
  map.getContainer().setAttribute("role", "region");
  fit();
  imports.show(state.imports);
  render();
};
