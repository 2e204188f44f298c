"use strict";

// One drawing of the atlas on a Leaflet map: the main map and the inset are two sheets.
BioPlan.sheet = (map, groups, { interactive = true } = {}) => {
  const { atlas, layouts, popups, symbols, tongue } = BioPlan;
  const PANES = {
    casing: 205,
    outside: 210,
    zones: 220,
    water: 230,
    borders: 240,
    towns: 250,
    imports: 255,
    importedPoints: 257,
    circles: 260,
    links: 270,
  };
  const POINT_LAYERS = ["industrial_land", "parks", "labs", "enterprises"];
  const STEM = 5;
  const ROOMY = 34;
  const EARTH_M = 40075016.7; // the circumference that Web Mercator is drawn with
  let accuracyRing = null;
  let standing = new Map();
  let markers = [];

  for (const [name, height] of Object.entries(PANES)) map.createPane(name).style.zIndex = height;

  const popupOptions = () => ({
    maxWidth: Math.min(340, map.getSize().x - 76),
    minWidth: 230,
    autoPanPadding: [16, 16],
  });

  function open(latlng, content) {
    L.popup(popupOptions()).setContent(content).setLatLng(latlng).openOn(map);
  }

  function shape(feature, pane, className, onclick) {
    const layer = L.geoJSON(feature, {
      pane,
      interactive: interactive && Boolean(onclick),
      smoothFactor: 0.5,
      style: () => ({ className, weight: 1 }),
    });
    if (interactive && onclick) layer.on("click", (event) => onclick(event.latlng));
    return layer;
  }

  function facts(layout, district) {
    const zone = layouts.districtZone(layout, district.id);
    return zone ? popups.zone(layout, zone, district) : popups.district(district);
  }

  function drawDistricts(layout) {
    for (const district of atlas.features("districts")) {
      const part = layouts.part(layout, district);
      const tell = (latlng) => open(latlng, facts(layout, district));
      if (part === "outside") {
        groups.neighbours.addLayer(shape(district, "outside", "district part-outside", tell));
        continue;
      }
      if (part !== "context" || district.properties.scope === "hangzhou") {
        groups.zones.addLayer(shape(district, "casing", "casing", null));
      }
      groups.zones.addLayer(shape(district, "zones", `district part-${part}`, tell));
      groups.districts.addLayer(shape(district, "borders", `border border-${part}`, null));
    }
  }

  function drawWater() {
    for (const one of atlas.features("water")) {
      groups.water.addLayer(
        shape(one, "water", `water water-${one.properties.kind} level-${one.properties.level}`, null),
      );
    }
  }

  function drawTowns() {
    const style = { pane: "towns", radius: 2.2, weight: 1, className: "town", interactive: false };
    for (const one of atlas.features("towns")) {
      groups.towns.addLayer(L.geoJSON(one, { pointToLayer: (_, latlng) => L.circleMarker(latlng, style) }));
    }
  }

  function ring(latlng, metres) {
    return L.circle(latlng, { pane: "circles", radius: metres, className: "accuracy", weight: 1, interactive: false });
  }

  const pixels = (latlng, metres) =>
    (metres * 256 * map.getZoomScale(map.getZoom(), 0)) / (EARTH_M * Math.cos((latlng.lat * Math.PI) / 180));

  // The radius in metres of the circle that is as large as the park; 0 where no circle is drawn.
  const circleMetres = ({ properties }) =>
    properties.schematic ? Math.sqrt((properties.park_area_ha * 10_000) / Math.PI) : 0;

  const circleRadius = (feature) =>
    feature.properties.schematic ? pixels(positions(feature)[0], circleMetres(feature)) : 0;

  // A symbol stands on a stem above the area-true circle of its place, so as not to hide it; in a large one, within it.
  function raise({ one, layer, latlng, shift }) {
    const element = one.getElement();
    const metres = (standing.get(latlng.toString()) || {}).metres || 0;
    if (!element || metres === 0) return;
    const radius = pixels(latlng, metres);
    const half = symbols.size(layer) / 2;
    const rise = radius > ROOMY ? 0 : radius + STEM + half;
    element.style.marginTop = `${-half - rise}px`;
    element.classList.toggle("raised", rise > 0 && shift === 0);
    one.options.icon.options.popupAnchor[1] = -half - rise;
  }

  // By keyboard only what is in view is reached, or the map would jump to places far away.
  function admit({ one, latlng }) {
    const element = one.getElement();
    if (element) element.tabIndex = map.getBounds().contains(latlng) ? 0 : -1;
  }

  map.on("zoomend", () => markers.forEach(raise));
  if (interactive) map.on("moveend", () => markers.forEach(admit));

  function marker(layer, feature, latlng, content) {
    const name = tongue.pick(feature.properties, "name");
    const spot = latlng.toString();
    const { count: shift = 0, metres = 0 } = standing.get(spot) || {};
    standing.set(spot, { count: shift + 1, metres });
    const isCentral = interactive && layer !== "industrial_land" && L.latLngBounds(BioPlan.inset.AREA).contains(latlng);
    const one = L.marker(latlng, {
      icon: symbols.icon(layer, feature.properties, shift, isCentral),
      interactive,
      keyboard: interactive,
      autoPanOnFocus: false,
      title: interactive ? name : "",
      zIndexOffset: symbols.size(layer) * 10,
    });
    const entry = { one, layer, latlng, shift };
    markers.push(entry);
    one.on("add", () => raise(entry));
    if (!interactive) return one;
    one.on("add", () => {
      one.getElement().setAttribute("aria-label", name);
      admit(entry);
    });
    one.bindPopup(() => content(), popupOptions());
    one.on("popupopen", () => {
      accuracyRing = ring(latlng, feature.properties.accuracy_m || 0).addTo(map);
    });
    one.on("popupclose", () => accuracyRing && accuracyRing.remove());
    return one;
  }

  const positions = (feature) => {
    if (!feature.geometry) return [];
    const { type, coordinates } = feature.geometry;
    const points = { Point: [coordinates], MultiPoint: coordinates }[type] || [];
    return points.map(([longitude, latitude]) => L.latLng(latitude, longitude));
  };

  function drawPlaces() {
    for (const layer of POINT_LAYERS) {
      for (const feature of atlas.features(layer)) {
        for (const latlng of positions(feature)) {
          groups[layer].addLayer(marker(layer, feature, latlng, () => popups.place(layer, feature)));
        }
      }
    }
  }

  // Land with a boundary of its own, such as a bureau's parcels, in the colour of its class.
  function drawParcel(feature) {
    if (!feature.geometry || !feature.geometry.type.endsWith("Polygon")) return;
    const tell = (latlng) => open(latlng, popups.place("industrial_land", feature));
    groups.industrial_land.addLayer(shape(feature, "circles", `parcel land-${feature.properties.land_class}`, tell));
  }

  // Land known by its area alone: an area-true dashed symbol, and how well its position is known.
  function drawLand() {
    for (const feature of atlas.features("industrial_land")) {
      drawParcel(feature);
      for (const latlng of positions(feature)) {
        groups.industrial_land.addLayer(ring(latlng, feature.properties.accuracy_m));
      }
      if (feature.properties.schematic) {
        const outline = { type: "Feature", properties: {}, geometry: feature.properties.schematic };
        groups.industrial_land.addLayer(shape(outline, "circles", "schematic", null));
        standing.set(positions(feature)[0].toString(), { count: 0, metres: circleMetres(feature) });
      }
    }
  }

  function drawPlacedZones(layout) {
    for (const zone of layouts.placedZones(layout)) {
      for (const latlng of positions(zone)) {
        groups.zones.addLayer(
          L.circle(latlng, {
            pane: "circles",
            radius: zone.properties.accuracy_m,
            className: "accuracy accuracy-core",
            interactive: false,
          }),
        );
        groups.zones.addLayer(marker("core", zone, latlng, () => popups.zone(layout, zone, null)));
      }
    }
  }

  // Links are a layer like others: drawn in every layout, named in their own.
  function drawLinks() {
    const links = atlas.features("links").filter((link) => link.geometry);
    for (const link of links) {
      const tell = (latlng) => open(latlng, popups.link(link));
      groups.links.addLayer(shape(link, "links", "link-casing", null));
      groups.links.addLayer(shape(link, "links", "link", tell));
      const [longitude, latitude] = link.geometry.coordinates.at(-1);
      groups.links.addLayer(marker("partner", link, L.latLng(latitude, longitude), () => popups.link(link)));
    }
    const origins = new Map(links.map((link) => [String(link.geometry.coordinates[0]), link.geometry.coordinates[0]]));
    for (const [longitude, latitude] of origins.values()) {
      const style = { pane: "links", radius: 7, className: "origin", interactive: false };
      groups.links.addLayer(L.circleMarker([latitude, longitude], style));
    }
  }

  function draw(layout) {
    map.closePopup();
    standing = new Map();
    markers = [];
    for (const [name, group] of Object.entries(groups)) if (name !== "imports") group.clearLayers();
    drawDistricts(layout);
    drawWater();
    drawTowns();
    drawLand();
    drawPlacedZones(layout);
    drawPlaces();
    drawLinks();
  }

  return { draw, open, positions, circleRadius, map, groups, interactive };
};
