"use strict";

// What a layout says of each district and place: tier, zone, extent.
BioPlan.layouts = (() => {
  const { atlas, tongue } = BioPlan;
  const HANGZHOU = [
    [29.18, 118.33],
    [30.57, 120.72],
  ];
  const zonesOf = (layout) =>
    atlas
      .features("zones")
      .filter((zone) => zone.properties.layout === layout.id)
      .sort((a, b) => a.properties.seat - b.properties.seat);
  const linksOf = (layout) => atlas.features("links").filter((link) => link.properties.layout === layout.id);

  // Zones that are districts are drawn as polygons; zones inside one district are not.
  const madeOfDistricts = (layout) => (layout.area_adcode || "").length === 4 && zonesOf(layout).length > 0;

  function districtZone(layout, adcode) {
    if (!madeOfDistricts(layout)) return null;
    return zonesOf(layout).find((zone) => (zone.properties.members || []).includes(adcode)) || null;
  }

  // A link names a county-level city, or a prefecture city with all its districts.
  const isPartner = (layout, { properties }) =>
    linksOf(layout).some(
      ({ properties: { to_zh: place } }) =>
        properties.name_zh.startsWith(place) || (properties.city_zh || "").startsWith(place),
    );

  // Links name the city that they start from; its districts are the origin.
  function isOrigin(layout, district) {
    const city = district.properties.city_zh || "";
    return linksOf(layout).some((link) => city.startsWith(link.properties.from_zh));
  }

  // The part that a district plays: tier1 to tier3, other, host, origin, partner, or none.
  function part(layout, district) {
    const { scope } = district.properties;
    const zone = districtZone(layout, district.id);
    if (zone) return zone.properties.named ? `tier${zone.properties.tier}` : "other";
    if (linksOf(layout).length > 0) {
      if (isPartner(layout, district)) return "partner";
      if (isOrigin(layout, district)) return "origin";
      return scope === "neighbour" ? "outside" : "context";
    }
    if (district.id === layout.area_adcode) return "host";
    return scope === "hangzhou" ? "context" : "outside";
  }

  const isPlaced = (layout, zone) => Boolean(zone.geometry) || madeOfDistricts(layout);
  const placedZones = (layout) => zonesOf(layout).filter((zone) => zone.geometry && zone.geometry.type === "Point");
  const placelessZones = (layout) => (madeOfDistricts(layout) ? [] : zonesOf(layout).filter((zone) => !zone.geometry));

  const areaOf = (layout) =>
    atlas
      .features("districts")
      .filter((one) => (linksOf(layout).length > 0 ? isOrigin(layout, one) : one.id.startsWith(layout.area_adcode)));

  function extent(layout) {
    const bounds = L.geoJSON([...linksOf(layout), ...areaOf(layout)]).getBounds();
    return bounds.isValid() ? bounds : L.latLngBounds(HANGZHOU);
  }

  const phrase = (layout) => layout.phrase || tongue.pick(layout, "name");

  function roleName(layout, role) {
    const found = (layout.roles || []).find((one) => one.role === role);
    if (!found) return role;
    return tongue.language === "zh" ? found.role_zh || role : found.role_en_singular || role;
  }

  return {
    zonesOf,
    linksOf,
    madeOfDistricts,
    isPlaced,
    districtZone,
    part,
    placedZones,
    placelessZones,
    extent,
    phrase,
    roleName,
  };
})();
