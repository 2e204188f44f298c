"use strict";

// What a click tells: name, role, tracks, clause, accuracy. Built of text nodes only.
BioPlan.popups = (() => {
  const { atlas, layouts, tongue } = BioPlan;
  const { html } = BioPlan.nodes;
  const { say, pick, other, list } = tongue;

  const row = (key, ...value) =>
    value.flat().filter(Boolean).length === 0 ? null : [html("dt", {}, say(key)), html("dd", {}, ...value)];

  const heading = (properties, note) =>
    html(
      "header",
      {},
      note ? html("p", { class: "kind" }, note) : null,
      html("h3", {}, pick(properties, "name")),
      other(properties, "name") ? html("p", { class: "other" }, other(properties, "name")) : null,
    );

  const chips = (ids) =>
    ids && ids.length
      ? html(
          "ul",
          { class: "chips" },
          ids.map((id) => html("li", {}, atlas.trackName(id))),
        )
      : null;

  // A source of the catalogue by its title, with the line that it asks to be shown with.
  function catalogued(id) {
    const source = atlas.source(id);
    if (!source) return say("unknownSource");
    const lines = source.attribution.split("；").map(tongue.attribution);
    return html(
      "span",
      { class: "source" },
      say("noClause", { source: pick(source, "title") }),
      html("small", {}, list(lines)),
    );
  }

  function citations(properties) {
    const cited = properties.citations || [];
    if (cited.length === 0) return properties.source ? catalogued(properties.source) : null;
    const documents = [...new Set(cited.map((one) => one.document))];
    return html(
      "ul",
      { class: "citations" },
      documents.map((id) =>
        html(
          "li",
          {},
          html("span", { class: "title" }, atlas.documentTitle(id)),
          cited
            .filter((one) => one.document === id)
            .map((one, at) => [at === 0 ? " " : say("listed"), html("b", { class: "clause" }, one.clause)]),
        ),
      ),
    );
  }

  function accuracy(properties) {
    const { position_basis: basis, accuracy_m: metres } = properties;
    if (basis === "district") return `${say("accuracyDistrict")} · ${pick(properties, "district")}`;
    if (metres === null || metres === undefined) return say("accuracyNone");
    return say("accuracyValue", { distance: tongue.distance(metres), basis: say(standing(properties)) });
  }

  const isKnownGenerally = ({ position_method: method }) => (method || "").includes("general knowledge");
  const isUnverified = ({ position_method: method }) => /unverified|not stated/.test(method || "");

  // How firmly a position stands, in the page's words: what rests on general knowledge is never called sourced.
  function standing(properties) {
    const { position_basis: basis } = properties;
    if (!["boundary", "sourced", "address"].includes(basis)) return "basisUnknown";
    return basis === "sourced" && isKnownGenerally(properties) ? "address" : basis;
  }

  // Where a position comes from. The record's own method is a note for engineers: paths, addresses of pages.
  function positionSource(properties) {
    const { position_basis: basis, position_attribution: attribution } = properties;
    if (!basis || basis === "none" || basis === "district") return null;
    return [
      ...(attribution || "").split("；").map(tongue.attribution),
      isKnownGenerally(properties) ? say("generalKnowledge") : null,
      isUnverified(properties) ? say("unverified") : null,
      attribution || isKnownGenerally(properties) ? null : say(`${standing(properties)}Only`),
    ]
      .filter(Boolean)
      .join(say("semicolon"));
  }

  const code = (group, value) => (value && tongue.known(`${group}_${value}`) ? say(`${group}_${value}`) : value);
  const number = (value) => value.toLocaleString("en-US", { maximumFractionDigits: 2 });

  function landRows(properties) {
    const { park_area_ha: park, area_ha: own } = properties;
    return [
      row("landClass", `${properties.land_class} ${code("class", properties.land_class)}`),
      row("parkArea", park ? say("parkAreaValue", { ha: number(park) }) : say("unpublished")),
      row("landArea", own ? say("hectares", { ha: number(own) }) : say(park ? "unpublishedFrame" : "unpublished")),
    ];
  }

  const reliedOnBy = (properties) =>
    list(
      (properties.relied_on_by || []).map((id) =>
        atlas.zones.has(id) ? pick(atlas.zones.get(id).properties, "name") : say("unknownName"),
      ),
    );

  // Facts of a lab, park, firm or piece of land.
  function place(layer, feature) {
    const properties = feature.properties;
    const kind =
      tongue.language === "zh" ? properties.kind_zh : tongue.capital((properties.kind || "").replaceAll("_", " "));
    const note = [
      properties.synthetic ? say("synthetic") : null,
      kind || say(`kind_${layer}`),
      code("level", properties.level),
      code("status", properties.status),
    ];
    return html(
      "article",
      { class: "facts" },
      heading(properties, note.filter(Boolean).join(say("apart"))),
      html(
        "dl",
        {},
        row("aliases", list(properties.aliases || [])),
        layer === "industrial_land" ? landRows(properties) : null,
        row("fact", pick(properties, "fact")),
        row("field", pick(properties, "field")),
        row("focus", pick(properties, "focus")),
        row("tracks", chips([...(properties.tracks || []), ...(properties.concentrates_on || [])])),
        row("reliedOnBy", reliedOnBy(properties)),
        row("district", properties.position_basis === "district" ? null : pick(properties, "district")),
        row("clause", citations(properties)),
        row("accuracy", accuracy(properties)),
        row("positionSource", positionSource(properties)),
        row("areaNote", pick(properties, "area_note")),
        row("areaSource", properties.area_source ? catalogued(properties.area_source) : null),
      ),
    );
  }

  function roleText(layout, properties) {
    if (!properties.role) return null;
    const name = layouts.roleName(layout, properties.role);
    if (tongue.language === "en") return tongue.capital(name);
    return name === properties.role ? name : `${properties.role} · ${name}`;
  }

  // Facts of a zone; a district zone shows the district's own data as well.
  function zone(layout, feature, district) {
    const properties = feature.properties;
    const isMany = properties.members && properties.members.length > 1;
    return html(
      "article",
      { class: "facts" },
      heading(isMany && district ? district.properties : properties, layouts.phrase(layout)),
      html(
        "dl",
        {},
        row(
          "role",
          isMany
            ? `${roleText(layout, properties)}${say("apart")}${pick(properties, "name")}`
            : roleText(layout, properties),
        ),
        pick(properties, "function") === layouts.roleName(layout, properties.role)
          ? null
          : row("function", pick(properties, "function")),
        row("tracks", chips(properties.tracks) || say("noTracks")),
        row("platforms", list((properties.platforms || []).map(atlas.thingName))),
        row("strengths", pick(properties, "strengths")),
        row("clause", citations(properties)),
        row("accuracy", accuracy(district ? district.properties : properties)),
        row("positionSource", positionSource((district || feature).properties)),
      ),
    );
  }

  function district(feature) {
    const properties = feature.properties;
    return html(
      "article",
      { class: "facts" },
      heading(properties, pick(properties, "city")),
      html(
        "dl",
        {},
        properties.area_km2 ? row("area", say("areaValue", { km2: number(properties.area_km2) })) : null,
        row("clause", citations(properties)),
        row("accuracy", accuracy(properties)),
        row("positionSource", positionSource(properties)),
      ),
    );
  }

  function link(feature) {
    const properties = feature.properties;
    return html(
      "article",
      { class: "facts" },
      heading(properties, [say("link"), code("status", properties.status)].filter(Boolean).join(say("apart"))),
      html(
        "dl",
        {},
        row("link", `${pick(properties, "from")} → ${pick(properties, "to")}`),
        row("function", pick(properties, "function")),
        properties.open_list ? row("status", list([say("linkStatus"), say("openList")])) : null,
        row("clause", citations(properties)),
        row("accuracy", accuracy(properties)),
        row("positionSource", positionSource(properties)),
      ),
    );
  }

  // Places known to a district only, as its badge lists them.
  function places(districtFeature, found) {
    return html(
      "article",
      { class: "facts listing" },
      heading(districtFeature.properties, say("districtOnly")),
      html(
        "ul",
        { class: "places" },
        found.map(({ layer, feature }) =>
          html(
            "li",
            {},
            BioPlan.symbols.drawing(layer, "open"),
            html(
              "div",
              {},
              html("b", {}, pick(feature.properties, "name")),
              code("status", feature.properties.status) === say("status_planned")
                ? html("span", { class: "status" }, say("status_planned"))
                : null,
              citations(feature.properties),
            ),
          ),
        ),
      ),
    );
  }

  return { place, zone, district, link, places, citations };
})();
