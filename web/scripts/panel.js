"use strict";

// The side panel: switch of the layouts, structure, legend, what has no position, sources.
BioPlan.panel = (() => {
  const { atlas, layouts, popups, symbols, tongue } = BioPlan;
  const { html } = BioPlan.nodes;
  const { pick, say, list } = tongue;

  const FEW_FIELDS = 6;

  function masthead(actions) {
    return html(
      "div",
      { class: "masthead" },
      html("p", { class: "product" }, html("b", {}, say("product")), html("span", {}, "BioPlan GIS")),
      html(
        "button",
        { type: "button", class: "language", "aria-label": say("languageLabel"), onclick: actions.switchLanguage },
        say("language"),
      ),
    );
  }

  const tabLabel = (layout) => [
    html("span", { class: "area" }, pick(layout, "area").replace(/\s*[（(].*$/, "")),
    html(
      "b",
      {},
      tongue.language === "zh"
        ? layout.phrase || say("linksTab")
        : tongue.capital(layout.phrase_en || say("linksTab")),
    ),
  ];

  function tabs(current, actions) {
    return html(
      "nav",
      { class: "tabs", "aria-label": say("layouts") },
      atlas.layouts.map((layout) =>
        html(
          "button",
          {
            type: "button",
            "data-layout": layout.id,
            "aria-pressed": String(layout.id === current.id),
            onclick: () => actions.showLayout(layout.id),
          },
          tabLabel(layout),
        ),
      ),
    );
  }

  // Zones of one tier under their role; each named one leads to its place on the map.
  function zoneEntry(layout, zone, actions) {
    const properties = zone.properties;
    const tracks = list((properties.tracks || []).map(atlas.trackName));
    const text = [
      html("b", {}, pick(properties, "name")),
      " ",
      html("small", {}, tracks || pick(properties, "function")),
    ];
    const isOther = !properties.named && layouts.madeOfDistricts(layout);
    if (isOther) return html("li", { class: "still" }, symbols.swatch("other"), text);
    if (!layouts.isPlaced(layout, zone) || !properties.named) return html("li", { class: "still" }, text);
    return html(
      "li",
      {},
      html("button", { type: "button", "data-zone": zone.id, onclick: () => actions.showZone(zone) }, text),
    );
  }

  // 心 创新策源中心 in Chinese; Core, Hubs, Zones in English, by how many the tier has.
  function tierName(layout, role, isMany) {
    const name = layouts.roleName(layout, role);
    if (tongue.language === "zh")
      return [html("span", { class: "role" }, role), name === role ? null : html("span", {}, name)];
    const known = (layout.roles || []).find((one) => one.role === role) || {};
    return html("b", { class: "role" }, tongue.capital((isMany && known.role_en_plural) || name));
  }

  function tier(layout, role, zones, actions) {
    const one = zones[0].properties;
    const named = zones.filter((zone) => zone.properties.named);
    return html(
      "li",
      { class: `tier tier-${one.tier}` },
      html(
        "div",
        { class: "tier-head" },
        symbols.swatch(zones.some((zone) => layouts.isPlaced(layout, zone)) ? `tier${one.tier}` : "unplaced"),
        tierName(layout, role, named.length !== 1),
        html("span", { class: "count" }, named.length ? String(named.length) : say("unnamed")),
      ),
      html(
        "ul",
        {},
        zones.map((zone) => zoneEntry(layout, zone, actions)),
      ),
    );
  }

  function structure(layout, actions) {
    const zones = layouts.zonesOf(layout);
    const links = layouts.linksOf(layout);
    const roles = [...new Set(zones.map((zone) => zone.properties.role))];
    return html(
      "section",
      { class: "structure" },
      html("h2", {}, say("structure")),
      html(
        "ul",
        { class: "tiers" },
        roles.map((role) =>
          tier(
            layout,
            role,
            zones.filter((zone) => zone.properties.role === role),
            actions,
          ),
        ),
        links.length ? linkList(links, actions) : null,
        ground(layout),
      ),
      fields(layout),
      html("div", { class: "provenance" }, html("h3", {}, say("provenance")), popups.citations(layout)),
    );
  }

  // Districts that the layout lies in or starts from, with the colour that they have on the map.
  function ground(layout) {
    return ["host", "origin"].map((part) => {
      const found = atlas.features("districts").filter((one) => layouts.part(layout, one) === part);
      if (found.length === 0) return null;
      const name =
        part === "host" ? pick(found[0].properties, "name") : pick(layouts.linksOf(layout)[0].properties, "from");
      return html(
        "li",
        { class: "tier" },
        html("div", { class: "tier-head" }, symbols.swatch(part), html("span", {}, say(part)), html("b", {}, name)),
      );
    });
  }

  function linkList(links, actions) {
    return html(
      "li",
      { class: "tier" },
      html(
        "div",
        { class: "tier-head" },
        symbols.swatch("partner"),
        html("span", {}, say("linkStatus")),
        html("span", { class: "count" }, String(links.length)),
      ),
      html(
        "ul",
        {},
        links.map((link) =>
          html(
            "li",
            {},
            html(
              "button",
              { type: "button", "data-link": link.id, onclick: () => actions.showLink(link) },
              html("b", {}, `${pick(link.properties, "from")} → ${pick(link.properties, "to")}`),
              html("small", {}, pick(link.properties, "function")),
            ),
          ),
        ),
      ),
      html("p", { class: "note" }, tongue.capital(say("openList"))),
    );
  }

  function fields(layout) {
    if (!layout.fields || layout.fields.length === 0) return null;
    return html(
      "details",
      { class: "fields", open: layout.fields.length <= FEW_FIELDS },
      html("summary", {}, say("fields"), html("span", { class: "count" }, String(layout.fields.length))),
      html(
        "ul",
        { class: "chips" },
        layout.fields.map((field) => html("li", {}, atlas.trackName(field))),
      ),
    );
  }

  function notLocated() {
    const things = atlas.placesNowhere();
    if (things.length === 0) return null;
    return html(
      "section",
      { class: "not-located" },
      html("h2", {}, say("notLocated")),
      html("p", { class: "note" }, say("notLocatedNote")),
      html(
        "ul",
        {},
        things.map(({ layer, feature }) =>
          html(
            "li",
            {},
            symbols.drawing(layer, "open"),
            html("b", {}, pick(feature.properties, "name")),
            popups.citations(feature.properties),
          ),
        ),
      ),
    );
  }

  const sources = () =>
    html(
      "section",
      { class: "sources" },
      html("h2", {}, say("sources")),
      html(
        "ul",
        {},
        atlas.attributions.map((one) => html("li", {}, tongue.attribution(one))),
      ),
      html("p", { class: "note" }, say("datum")),
    );

  function show(layout, shown, actions, imports) {
    BioPlan.nodes.replace(
      "panel",
      masthead(actions),
      tabs(layout, actions),
      html(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": say("panel") },
        structure(layout, actions),
        BioPlan.legend.legend(layout, shown, actions.toggleLayer, imports),
        notLocated(),
        sources(),
      ),
    );
  }

  return { show };
})();
