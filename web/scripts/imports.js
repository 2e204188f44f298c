"use strict";

// Layers that users imported: listed in the panel, read by the view when switched on, drawn in their own colours.
BioPlan.imports = (() => {
  const { atlas, tongue } = BioPlan;
  const { html, svg } = BioPlan.nodes;
  const { pick, say } = tongue;

  const MOST_DRAWN = 2000;
  const MOST_LISTED = 50;
  const COLOURS = 6;
  const PATIENCE_MS = 150;
  const CLASSES = ["M1", "M2", "M3"];
  const NAMES = { zh: ["name_zh", "name_en", "parcel_no"], en: ["name_en", "name_zh", "parcel_no"] };

  const described = atlas.imports;
  const isLand = (layer) => layer.conforms_to === "industrial_land";
  const path = (layer) => `/api/collections/${encodeURIComponent(layer.id)}/items`;
  const count = (number) => number.toLocaleString("en-US");
  const title = (layer) => pick(layer, "title") || layer.id;

  // A feature's name: its own, its parcel number, the first text that it has, or its id.
  function nameOf(layer, feature) {
    const known = NAMES[tongue.language].filter((name) => layer.columns.some((column) => column.name === name));
    const first = layer.columns.filter((column) => column.type === "text").slice(0, 1);
    const names = known.length > 0 ? known : first.map((column) => column.name);
    return names.map((name) => feature.properties[name]).find((value) => value) || String(feature.id);
  }

  const isMadeUp = (layer, feature) =>
    layer.synthetic || (layer.conforms_to !== null && feature.properties.synthetic === true);

  function style(layer, feature) {
    const landClass = isLand(layer) ? feature.properties.land_class : null;
    return [
      "imported",
      CLASSES.includes(landClass) ? `land-${landClass}` : `tint-${described.indexOf(layer) % COLOURS}`,
      isMadeUp(layer, feature) ? "made-up" : "",
    ]
      .join(" ")
      .trim();
  }

  const look = (layer, feature) =>
    `${style(layer, feature)}${feature.geometry.type.endsWith("LineString") ? " imported-line" : ""}`;

  // What a column says, as text: nothing of it is ever markup.
  function told(value) {
    if (typeof value === "boolean") return say(value ? "yes" : "no");
    if (Array.isArray(value)) return value.map(told).join(say("semicolon"));
    if (value !== null && typeof value === "object")
      return Object.entries(value)
        .filter(([, one]) => one !== null)
        .map(([name, one]) => `${name} ${told(one)}`)
        .join(say("listed"));
    return String(value);
  }

  const isEmpty = (value) => value === null || value === undefined || value === "";
  const heading = (column) => pick(column, "title") || column.name;
  const units = { yuan: { zh: "元", en: "yuan" }, year: { zh: "年", en: "years" }, ha: { zh: "公顷", en: "ha" } };
  const unit = (name) => (name ? ` ${(units[name] || {})[tongue.language] || name}` : "");
  // A measure of the core schema is rounded to be read; a number of a user's own column stands as it was given.
  const measured = (column, value) =>
    column.unit && typeof value === "number"
      ? value.toLocaleString("en-US", { maximumFractionDigits: 4 }) + unit(column.unit)
      : told(value) + unit(column.unit);
  const row = (name, ...value) => [html("dt", {}, name), html("dd", {}, ...value)];

  function facts(layer, feature, approach) {
    const filled = layer.columns.filter((column) => !isEmpty(feature.properties[column.name]));
    const empty = layer.columns.filter((column) => isEmpty(feature.properties[column.name]));
    return html(
      "article",
      { class: "facts imported-facts" },
      html(
        "header",
        {},
        html("p", { class: "kind" }, isMadeUp(layer, feature) ? badge() : null, title(layer)),
        html("h3", {}, nameOf(layer, feature)),
      ),
      html(
        "dl",
        {},
        row(say("importedId"), String(feature.id)),
        filled.map((column) => row(heading(column), measured(column, feature.properties[column.name]))),
      ),
      empty.length > 0
        ? html(
            "details",
            {},
            html("summary", {}, say("emptyColumns", { n: empty.length })),
            html("p", {}, tongue.list(empty.map(heading))),
          )
        : null,
      html(
        "dl",
        { class: "rights" },
        row(say("importedLayer"), `${title(layer)} (${layer.id})`),
        layer.source ? row(say("sources"), layer.source) : null,
        row(say("licence"), layer.licence || "—"),
        row(say("attribution"), layer.attribution || "—"),
      ),
      html(
        "p",
        { class: "import-links" },
        html("button", { type: "button", onclick: approach }, say("importApproach")),
      ),
    );
  }

  const badge = () => html("span", { class: "synthetic-badge" }, say("syntheticBadge"));

  function key(layer) {
    const className = isLand(layer) ? "land-M2" : `tint-${described.indexOf(layer) % COLOURS}`;
    const madeUp = layer.synthetic ? " made-up" : "";
    const kind = layer.geometry_type;
    const shape = kind.endsWith("POINT")
      ? svg("circle", { class: `imported ${className}${madeUp} imported-point`, cx: 11, cy: 7, r: 5 })
      : kind.endsWith("LINESTRING")
        ? svg("path", { class: `imported ${className}${madeUp} imported-line`, d: "M1 11 C7 1 14 14 21 3" })
        : svg("rect", { class: `imported ${className}${madeUp}`, x: 1, y: 1, width: 20, height: 12 });
    return svg("svg", { class: "import-key", viewBox: "0 0 22 14", "aria-hidden": "true" }, shape);
  }

  // The layers on one map, and the rows that speak of them in the panel.
  function control(map, group, sheet, onvisit) {
    const drawn = new Map();
    const rows = new Map();
    let shown = new Set();
    let timer = null;

    const layerOf = (id) => described.find((layer) => layer.id === id);

    function draw(layer, features) {
      const { shapes: old } = drawn.get(layer.id) || {};
      if (old) old.remove();
      const shapes = L.geoJSON(
        features.filter((feature) => feature.geometry),
        {
          pane: "imports",
          style: (feature) => (feature.geometry.type.endsWith("Point") ? {} : { className: look(layer, feature) }),
          pointToLayer: (feature, latlng) =>
            L.circleMarker(latlng, { pane: "importedPoints", radius: 5, className: `${style(layer, feature)} imported-point` }),
          onEachFeature: (feature, shape) =>
            shape.on("click", (event) => sheet.open(event.latlng, facts(layer, feature, () => approach(feature)))),
        },
      );
      drawn.set(layer.id, { ...drawn.get(layer.id), shapes, features });
      group.addLayer(shapes);
    }

    function tell(layer, text, features = []) {
      const found = rows.get(layer.id);
      drawn.set(layer.id, { ...drawn.get(layer.id), text, listed: features });
      if (!found) return;
      found.status.textContent = text;
      const isOpen = Boolean(found.list.querySelector("details[open]"));
      found.list.replaceChildren(...(features.length > 0 ? [listing(layer, features, isOpen)] : []));
    }

    // By keyboard a feature is reached through this list; the map itself would have thousands of stops.
    const listing = (layer, features, isOpen) =>
      html(
        "details",
        { open: isOpen },
        html("summary", {}, say("importList")),
        html(
          "ul",
          {},
          features
            .slice(0, MOST_LISTED)
            .map((feature) =>
              html(
                "li",
                {},
                html("button", { type: "button", onclick: () => visit(layer, feature) }, nameOf(layer, feature)),
              ),
            ),
        ),
        features.length > MOST_LISTED ? html("p", { class: "note" }, say("importListMore", { n: MOST_LISTED })) : null,
      );

    function visit(layer, feature) {
      onvisit();
      const tell = facts(layer, feature, () => approach(feature));
      sheet.open(L.geoJSON(feature).getBounds().getCenter(), tell);
    }

    const approach = (feature) =>
      map.fitBounds(L.geoJSON(feature).getBounds(), { maxZoom: 16, padding: [40, 40], animate: false });

    const inView = (feature) => feature.geometry && map.getBounds().intersects(L.geoJSON(feature).getBounds());

    function showCarried(layer) {
      if (!drawn.get(layer.id)?.shapes) draw(layer, layer.features);
      const features = layer.features.filter(inView);
      tell(layer, features.length ? say("importAll", { n: count(features.length) }) : say("importNone"), features);
    }

    async function read(layer) {
      const before = drawn.get(layer.id) || {};
      if (before.request) before.request.abort();
      const request = new AbortController();
      drawn.set(layer.id, { ...before, request });
      tell(layer, say("importLoading"), before.listed);
      try {
        const answer = await fetch(address(layer), { signal: request.signal });
        const found = await answer.json();
        if (!answer.ok) throw new Error(found.detail || answer.status);
        if (!shown.has(layer.id) || drawn.get(layer.id).request !== request) return;
        draw(layer, found.features);
        tell(layer, said(found), found.features);
      } catch (error) {
        if (error.name !== "AbortError") tell(layer, say("importFailed", { reason: error.message }));
      }
    }

    function address(layer) {
      const bounds = map.getBounds();
      const within = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(6);
      const edges = [
        within(bounds.getWest(), 180),
        within(bounds.getSouth(), 90),
        within(bounds.getEast(), 180),
        within(bounds.getNorth(), 90),
      ];
      return `${path(layer)}?bbox=${edges}&limit=${MOST_DRAWN}`;
    }

    function said({ numberMatched: all, features }) {
      if (all === 0) return say("importNone");
      const numbers = { all: count(all), n: count(features.length) };
      return say(features.length < all ? "importSome" : "importAll", numbers);
    }

    function refresh() {
      for (const id of shown) {
        const layer = layerOf(id);
        if (layer.features) showCarried(layer);
        else if (atlas.isServed) read(layer);
      }
    }

    function hide(layer) {
      const { shapes, request } = drawn.get(layer.id) || {};
      if (request) request.abort();
      if (shapes) shapes.remove();
      drawn.delete(layer.id);
      tell(layer, "");
    }

    // Show these layers and no others.
    function show(ids) {
      const wanted = new Set(ids.filter(layerOf));
      for (const id of shown) if (!wanted.has(id)) hide(layerOf(id));
      shown = wanted;
      refresh();
    }

    function zoom(layer) {
      const [west, south, east, north] = layer.bbox;
      onvisit();
      map.fitBounds(L.latLngBounds([south, west], [north, east]), { maxZoom: 15, padding: [40, 40], animate: false });
    }

    function about(layer) {
      const canShow = Boolean(layer.features) || atlas.isServed;
      return html(
        "div",
        { class: "import-about" },
        layer.attribution ? html("p", { class: "import-credit" }, layer.attribution) : null,
        canShow ? null : html("p", { class: "note" }, say("importLeftOut")),
        html(
          "p",
          { class: "import-links" },
          layer.bbox && canShow
            ? html("button", { type: "button", onclick: () => zoom(layer) }, say("importZoom"))
            : null,
          atlas.isServed
            ? html("a", { href: path(layer), target: "_blank" }, say("importFeed", { n: count(layer.count) }))
            : null,
        ),
      );
    }

    function entry(layer, toggle) {
      const canShow = Boolean(layer.features) || atlas.isServed;
      const { text = "", listed = [] } = drawn.get(layer.id) || {};
      const status = html("p", { class: "import-status", role: "status" }, text);
      const list = html("div", { class: "import-list" }, listed.length > 0 ? listing(layer, listed, false) : null);
      rows.set(layer.id, { status, list });
      return html(
        "li",
        { "data-import": layer.id },
        html(
          "label",
          { class: "layer" },
          html("input", {
            type: "checkbox",
            checked: shown.has(layer.id),
            disabled: !canShow,
            onchange: (event) => toggle(layer.id, event.target.checked),
          }),
          key(layer),
          html("span", { class: "title" }, html("bdi", {}, title(layer)), layer.synthetic ? badge() : null),
          html("span", { class: "count" }, say("importCount", { n: count(layer.count) })),
        ),
        about(layer),
        status,
        list,
      );
    }

    const section = (toggle) =>
      described.length === 0
        ? null
        : html(
            "div",
            { class: "imports" },
            html("h3", {}, say("imports")),
            html("p", { class: "note" }, say("importsNote")),
            html(
              "ul",
              {},
              described.map((layer) => entry(layer, toggle)),
            ),
          );

    map.on("moveend", () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, PATIENCE_MS);
    });

    return { show, section, refresh };
  }

  return { control };
})();
