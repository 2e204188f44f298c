"use strict";

// Called by the script that Folium writes, with its map and its layer groups by name.
BioPlan.start = (map, groups) => {
  const { atlas, frame, inset, layouts, legend, names, nodes, panel, popups, tongue } = BioPlan;
  const WATER_ZOOM = 9.25;
  const TOWN_ZOOM = 11;
  const state = { layout: atlas.layouts[0], shown: Object.fromEntries(Object.keys(groups).map((name) => [name, true])) };
  const sheet = BioPlan.sheet(map, groups);
  const labels = BioPlan.labels(map, () =>
    [...document.querySelectorAll("#cartouche, #inset, #remark, #north, #imprint, #handle, #sheet .leaflet-control")],
  (item) => inset.isShown() && L.latLngBounds(inset.AREA).contains(item.latlng));
  const scale = L.control.scale({ imperial: false, maxWidth: 160, position: "bottomleft" }).addTo(map);
  const zoom = L.control.zoom({ position: "topright" }).addTo(map);
  const home = nodes.html("a", { href: "#", role: "button", class: "home" }, "⤢");

  function readAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    tongue.language = wanted.get("lang") || atlas.language;
    state.layout = atlas.layouts.find((one) => one.id === wanted.get("layout")) || state.layout;
  }

  function writeAddress() {
    history.replaceState(null, "", `#layout=${state.layout.id}&lang=${tongue.language}`);
  }

  // On a narrow map the layout stands between the title and what lies at the foot of the map.
  function narrowRoom() {
    const foot = document.getElementById(layouts.madeOfDistricts(state.layout) ? "inset" : "remark");
    const below = map.getSize().y - foot.offsetTop;
    return {
      paddingTopLeft: [14, document.getElementById("cartouche").getBoundingClientRect().bottom + 12],
      paddingBottomRight: [14, foot.offsetHeight > 0 ? below + 8 : 110],
    };
  }

  // On a wide one a tall layout stands beside the title, a wide one under it.
  function wideRoom(extent) {
    const cartouche = document.getElementById("cartouche");
    const isTall = extent.getNorth() - extent.getSouth() > extent.getEast() - extent.getWest();
    const left = isTall ? Math.min(cartouche.offsetLeft + cartouche.offsetWidth + 24, map.getSize().x * 0.48) : 24;
    return { paddingTopLeft: [left, 40], paddingBottomRight: [24, 40] };
  }

  function fit() {
    frame.title(state.layout);
    frame.remark(state.layout);
    document.getElementById("inset").hidden = !layouts.madeOfDistricts(state.layout);
    const extent = layouts.extent(state.layout);
    map.fitBounds(extent, { ...(map.getSize().x < 600 ? narrowRoom() : wideRoom(extent)), animate: false });
  }

  function dress() {
    const zoomed = map.getZoom();
    const container = map.getContainer();
    container.classList.toggle("too-fine-for-water", zoomed > WATER_ZOOM);
    container.classList.toggle("too-coarse-for-towns", zoomed < TOWN_ZOOM);
    container.dataset.scale = zoomed < 9.75 ? "far" : zoomed < 11.5 ? "middle" : "near";
    inset.update(state.layout, zoomed, state.shown);
    container.classList.toggle("inset-shown", inset.isShown());
    frame.graticule(map);
  }

  function render() {
    document.documentElement.lang = tongue.language === "zh" ? "zh-CN" : "en";
    document.getElementById("skip").textContent = tongue.say("skip");
    const handle = document.getElementById("handle");
    handle.textContent = tongue.say(document.body.classList.contains("panel-open") ? "close" : "open");
    map.getContainer().setAttribute("aria-label", tongue.say("map"));
    for (const [button, key] of [[zoom._zoomInButton, "zoomIn"], [zoom._zoomOutButton, "zoomOut"], [home, "home"]]) {
      button.title = tongue.say(key);
      button.setAttribute("aria-label", tongue.say(key));
    }
    frame.title(state.layout);
    frame.remark(state.layout);
    frame.imprint();
    sheet.draw(state.layout);
    panel.show(state.layout, state.shown, actions);
    inset.renew();
    dress();
    labels.show(names.all(sheet, state.layout));
    writeAddress();
  }

  const actions = {
    switchLanguage() {
      tongue.language = tongue.language === "zh" ? "en" : "zh";
      render();
      document.querySelector(".language").focus();
    },
    showLayout(id) {
      state.layout = atlas.layouts.find((one) => one.id === id);
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
    showZone(zone) {
      const member = atlas.districts.get((zone.properties.members || [])[0]);
      const district = layouts.madeOfDistricts(state.layout) ? member : null;
      if (district) map.fitBounds(L.geoJSON(district).getBounds(), { maxZoom: 11, padding: [40, 40] });
      const at = district ? names.centre(district) : sheet.positions(zone)[0];
      if (!district) map.setView(at, 12);
      sheet.open(at, popups.zone(state.layout, zone, district));
    },
    showLink(link) {
      const [longitude, latitude] = link.geometry.coordinates.at(-1);
      sheet.open(L.latLng(latitude, longitude), popups.link(link));
    },
  };

  function togglePanel() {
    const isOpen = document.body.classList.toggle("panel-open");
    const handle = document.getElementById("handle");
    handle.setAttribute("aria-expanded", String(isOpen));
    handle.textContent = tongue.say(isOpen ? "close" : "open");
  }

  // A popup takes the focus and gives it back; Escape closes it.
  function keepFocus(element) {
    const before = document.activeElement;
    element.tabIndex = -1;
    element.setAttribute("role", "dialog");
    element.setAttribute("aria-label", element.querySelector("h3").textContent);
    element.focus({ preventScroll: true });
    element.addEventListener("keydown", (event) => { if (event.key === "Escape") map.closePopup(); });
    map.once("popupclose", () => { if (before && before.isConnected) before.focus({ preventScroll: true }); });
  }

  window.addEventListener("hashchange", () => {
    const before = state.layout;
    readAddress();
    if (state.layout !== before) fit();
    render();
  });
  readAddress();
  zoom.getContainer().append(home);
  L.DomEvent.on(home, "click", (event) => { L.DomEvent.stop(event); fit(); });
  document.getElementById("handle").addEventListener("click", togglePanel);
  frame.north();
  inset.outline(map);
  inset.onopen((area) => map.fitBounds(area));
  map.on("zoomend moveend resize", dress);
  map.on("popupopen popupclose moveend", () => requestAnimationFrame(() => frame.giveWay(map)));
  map.on("popupopen", ({ popup }) => keepFocus(popup.getElement()));
  map.getContainer().setAttribute("role", "region");
  fit();
  render();
  return { map, sheet, labels, scale, legend };
};
