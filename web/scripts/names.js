"use strict";

// Which names a layout asks for, how they look, and which go first.
BioPlan.names = (() => {
  const { atlas, layouts, popups, symbols, tongue } = BioPlan;
  const { html } = BioPlan.nodes;
  const { pick, say } = tongue;
  const PART_PRIORITY = { tier1: 100, tier2: 98, tier3: 96, host: 95, other: 90, origin: 45, context: 40, outside: 20, partner: 20 };
  const PLACE_PRIORITY = { industrial_land: 97, parks: 60, labs: 50, enterprises: 40 };
  const PLACE_ZOOM = { parks: 8.5, labs: 9.25, enterprises: 10.75 };
  const PARTNER_ZOOM = 9.25; // before that a partner is named at the end of its link alone
  const outlines = new Map();

  const centre = (district) => {
    const { label_lon: longitude, label_lat: latitude } = district.properties;
    return longitude ? L.latLng(latitude, longitude) : L.geoJSON(district).getBounds().getCenter();
  };

  // The rings of a district on the projected world, worked out once.
  function area({ id, geometry: { type, coordinates } }) {
    if (!outlines.has(id)) {
      const rings = (type === "Polygon" ? [coordinates] : coordinates).flat();
      const flat = ([longitude, latitude]) => L.CRS.EPSG3857.latLngToPoint(L.latLng(latitude, longitude), 0);
      outlines.set(
        id,
        rings.map((ring) => ring.map(flat)),
      );
    }
    return outlines.get(id);
  }

  function seal(layout, zone) {
    if (!zone || !zone.properties.named) return null;
    const { role } = zone.properties;
    const text = tongue.language === "zh" ? role : tongue.capital(layouts.roleName(layout, role));
    return html("span", { class: `seal seal-${zone.properties.tier}` }, text);
  }

  function badge(sheet, district, found) {
    if (!found || !sheet.interactive) return null;
    const title = say("districtOnlyCount", { count: found.length, name: pick(district.properties, "name") });
    const button = html("button", { type: "button", class: "badge", title, "aria-label": title }, `+${found.length}`);
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener("click", (event) => {
      event.stopPropagation(); // the inset, where it may stand, is a button itself
      sheet.open(centre(district), popups.places(district, found));
    });
    return button;
  }

  const FAINT = ["outside", "origin", "partner"];

  function districtName(sheet, layout, district, found) {
    const part = layouts.part(layout, district);
    const faint = FAINT.includes(part) || (part === "context" && district.properties.scope !== "hangzhou");
    const zone = layouts.districtZone(layout, district.id);
    const name = pick(district.properties, "name").replace(/ (District|County|City)$/, "");
    if (!name) return null;
    const { groups } = sheet;
    const plain = part === "outside" ? [groups.neighbours] : [groups.districts];
    const button = badge(sheet, district, found);
    return {
      id: district.id,
      latlng: centre(district),
      area: area(district),
      isZone: Boolean(zone) && zone.properties.named,
      reach: faint || part === "context" ? 24 : 120,
      priority: PART_PRIORITY[part],
      minZoom: part === "partner" ? PARTNER_ZOOM : 0,
      must: !faint && part !== "context",
      groupsOf: faint || part === "context" ? plain : [groups.zones, groups.districts],
      badge: button,
      isListed: () => found.some(({ layer }) => sheet.map.hasLayer(groups[layer])),
      element: html(
        "div",
        { class: `label label-district label-${part}` },
        seal(layout, zone),
        html("span", { class: "name" }, name),
        button,
      ),
    };
  }

  function schematicNote(layer, { park_area_ha: area, synthetic }) {
    if (synthetic) return html("small", {}, say("synthetic"));
    return layer === "industrial_land" && area ? html("small", {}, `${say("schematic")} ${say("hectares", { ha: Math.round(area) })}`) : null;
  }

  // The symbol says that it is M3 land: its name on the map need not.
  const shortName = (layer, properties) =>
    layer === "industrial_land"
      ? pick(properties, "name")
          .replace(/M[123]工业用地$/, "")
          .replace(/^M[123] land of (the )?/, "")
          .replace(/\s*[（(].*$/, "")
      : pick(properties, "name");

  // A park and its land stand at one spot under one name: it is written once.
  function unnamedYet(written, latlng, name) {
    const key = `${latlng} ${name}`;
    if (written.has(key)) return false;
    written.add(key);
    return true;
  }

  function placeNames(sheet, layer, written) {
    const spots = atlas
      .features(layer)
      .flatMap((feature) => sheet.positions(feature).map((latlng) => ({ feature, latlng })));
    const fresh = spots.filter(({ feature, latlng }) =>
      unnamedYet(written, latlng, shortName(layer, feature.properties)),
    );
    return fresh.map(({ feature, latlng }) => ({
      id: feature.id,
      latlng,
      radius: () => (feature.properties.schematic ? Math.max(4, sheet.circleRadius(feature)) : symbols.size(layer) / 2),
      priority: PLACE_PRIORITY[layer],
      minZoom: PLACE_ZOOM[layer],
      must: layer === "industrial_land",
      mayLead: layer === "industrial_land",
      groupsOf: [sheet.groups[layer]],
      element: html(
        "div",
        { class: `label label-place label-${layer}` },
        html("span", { class: "name" }, shortName(layer, feature.properties)),
        schematicNote(layer, feature.properties),
      ),
    }));
  }

  function coreNames(sheet, layout) {
    return layouts.placedZones(layout).flatMap((zone) =>
      sheet.positions(zone).map((latlng) => ({
        id: zone.id,
        latlng,
        radius: () => symbols.size("core") / 2,
        priority: 99,
        must: true,
        groupsOf: [sheet.groups.zones],
        element: html(
          "div",
          { class: "label label-core" },
          seal(layout, zone),
          html("span", { class: "name" }, pick(zone.properties, "name")),
        ),
      })),
    );
  }

  function originName(sheet, layout) {
    const links = layouts.linksOf(layout);
    if (links.length === 0) return [];
    const [longitude, latitude] = links[0].geometry.coordinates[0];
    return [
      {
        id: links[0].properties.layout,
        latlng: L.latLng(latitude, longitude),
        radius: () => 8,
        priority: 99,
        must: true,
        groupsOf: [sheet.groups.links],
        element: html(
          "div",
          { class: "label label-city" },
          html("span", { class: "name" }, pick(links[0].properties, "from")),
        ),
      },
    ];
  }

  function linkNames(sheet, layout) {
    return layouts.linksOf(layout).map((link) => {
      const [longitude, latitude] = link.geometry.coordinates.at(-1);
      return {
        id: link.id,
        latlng: L.latLng(latitude, longitude),
        radius: () => symbols.size("partner") / 2,
        priority: 97,
        must: true,
        groupsOf: [sheet.groups.links],
        element: html(
          "div",
          { class: "label label-partner" },
          html("span", { class: "name" }, pick(link.properties, "to")),
        ),
      };
    });
  }

  function townNames(sheet) {
    return atlas.features("towns").map((town) => {
      const [longitude, latitude] = town.geometry.coordinates;
      return {
        id: town.id,
        latlng: L.latLng(latitude, longitude),
        radius: () => 3,
        priority: 10,
        minZoom: 11,
        groupsOf: [sheet.groups.towns],
        element: html("div", { class: "label label-town" }, pick(town.properties, "name")),
      };
    });
  }

  function all(sheet, layout) {
    const elsewhere = atlas.placesByDistrict();
    const written = new Set();
    return [
      ...atlas.features("districts").map((one) => districtName(sheet, layout, one, elsewhere.get(one.id))),
      ...["industrial_land", "parks", "labs", "enterprises"].flatMap((layer) => placeNames(sheet, layer, written)),
      ...coreNames(sheet, layout),
      ...originName(sheet, layout),
      ...linkNames(sheet, layout),
      ...townNames(sheet),
    ].filter(Boolean);
  }

  return { all, centre };
})();
