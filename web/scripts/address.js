"use strict";

// The part of the address behind #: which layout is shown, in which language, with which imported layers; a copied
// address shows the same.
BioPlan.address = (() => {
  const { atlas, tongue } = BioPlan;

  function read(state) {
    const wanted = new URLSearchParams(location.hash.slice(1));
    tongue.language = tongue.languages.includes(wanted.get("lang")) ? wanted.get("lang") : atlas.language;
    state.layout = atlas.layouts.find((one) => one.id === wanted.get("layout")) || state.layout;
    const known = new Set(atlas.imports.map((layer) => layer.id));
    state.imports = (wanted.get("imports") || "").split(",").filter((id) => known.has(id));
  }

  function hash(state) {
    const imports = state.imports.map(encodeURIComponent).join(",");
    return `#layout=${state.layout.id}&lang=${tongue.language}${imports ? `&imports=${imports}` : ""}`;
  }

  // Another layout is a step that the browser's back button takes back; another language is not.
  const enter = (state) => history.pushState(null, "", hash(state));
  const write = (state) => history.replaceState(null, "", hash(state));

  return { read, enter, write };
})();
