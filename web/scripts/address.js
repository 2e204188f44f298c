"use strict";

// The part of the address behind #: which layout is shown, in which language; a copied address shows the same.
BioPlan.address = (() => {
  const { atlas, tongue } = BioPlan;

  function read(state) {
    const wanted = new URLSearchParams(location.hash.slice(1));
    tongue.language = wanted.get("lang") || atlas.language;
    state.layout = atlas.layouts.find((one) => one.id === wanted.get("layout")) || state.layout;
  }

  function write(state) {
    history.replaceState(null, "", `#layout=${state.layout.id}&lang=${tongue.language}`);
  }

  return { read, write };
})();
