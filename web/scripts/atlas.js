"use strict";

// The data that came with the page: the API's own GeoJSON by layer, looked up by id.
BioPlan.atlas = (() => {
  const { pick, say } = BioPlan.tongue;
  const data = JSON.parse(document.getElementById("atlas").textContent);
  const features = (layer) => (data.collections[layer] ? data.collections[layer].features : []);
  const index = (layers) => new Map(layers.flatMap((layer) => features(layer).map((one) => [one.id, one])));

  const tracks = index(["tracks"]);
  const documents = index(["documents"]);
  const districts = index(["districts"]);
  const zones = index(["zones"]);
  const things = index(["labs", "parks", "industrial_land", "enterprises"]);

  // Titles of the catalogue's sources; an id means nothing to a reader and is never shown.
  const source = (id) => (data.sources || {})[id] || null;

  const nameIn = (found, id) => (found.has(id) ? pick(found.get(id).properties, "name") : say("unknownName"));
  const trackName = (id) => nameIn(tracks, id);
  const thingName = (id) => nameIn(things, id);

  function documentTitle(id) {
    if (!documents.has(id)) return say("unknownDocument");
    const record = documents.get(id).properties;
    const title = pick(record, "title") || pick(record, "name");
    return BioPlan.tongue.language === "zh" ? `《${title}》` : title;
  }

  // Places known to a district only, by adcode: they are listed at its label.
  function placesByDistrict() {
    const found = new Map();
    for (const layer of ["industrial_land", "parks", "labs", "enterprises"]) {
      for (const one of features(layer)) {
        const { position_basis: basis, district } = one.properties;
        if (one.geometry || basis !== "district" || !district) continue;
        if (!found.has(district)) found.set(district, []);
        found.get(district).push({ layer, feature: one });
      }
    }
    return found;
  }

  // Places without any position.
  const placesNowhere = () =>
    ["industrial_land", "parks", "labs", "enterprises"].flatMap((layer) =>
      features(layer)
        .filter((one) => !one.geometry && one.properties.position_basis !== "district")
        .map((one) => ({ layer, feature: one })),
    );

  return {
    layouts: data.layouts,
    attributions: data.attributions,
    imports: data.imports || [],
    isServed: location.protocol !== "file:",
    language: data.language,
    features,
    districts,
    zones,
    things,
    trackName,
    thingName,
    documentTitle,
    source,
    placesByDistrict,
    placesNowhere,
  };
})();
