"use strict";

// What the map shows of a layout at first, and where the focus is while a popup is open.
BioPlan.view = (() => {
  const { atlas, layouts } = BioPlan;
  const NARROW = 600;
  const LOW = 560;

  // On a narrow map the layout stands between the title and what lies at the foot of the map.
  function narrowRoom(layout, size) {
    const foot = document.getElementById(layouts.madeOfDistricts(layout) ? "inset" : "remark");
    return {
      paddingTopLeft: [14, document.getElementById("cartouche").getBoundingClientRect().bottom + 12],
      paddingBottomRight: [14, foot.offsetHeight > 0 ? size.y - foot.offsetTop + 8 : 110],
    };
  }

  // Partner cities are part of what a layout with links shows, as far as their borders go.
  function extentOf(layout) {
    const partners = atlas.features("districts").filter((one) => layouts.part(layout, one) === "partner");
    const extent = layouts.extent(layout);
    return partners.length > 0 ? extent.extend(L.geoJSON(partners).getBounds()) : extent;
  }

  // On a wide one a tall layout stands beside the title or under it, where it is larger; a wide one reaches under it.
  function wideRoom(map, extent, size) {
    const cartouche = document.getElementById("cartouche");
    const paddingBottomRight = [24, size.y < LOW ? 60 : 40];
    const isTall = extent.getNorth() - extent.getSouth() > extent.getEast() - extent.getWest();
    if (!isTall) return { paddingTopLeft: [24, 40], paddingBottomRight };
    const beside = [cartouche.offsetLeft + cartouche.offsetWidth + 12, 40];
    const under = [24, cartouche.offsetTop + cartouche.offsetHeight + 12];
    const zoom = ([x, y]) => map.getBoundsZoom(extent, false, L.point(x, y).add(paddingBottomRight));
    return { paddingTopLeft: zoom(beside) >= zoom(under) ? beside : under, paddingBottomRight };
  }

  function fit(map, layout) {
    const size = map.getSize();
    const extent = extentOf(layout);
    const room = size.x < NARROW ? narrowRoom(layout, size) : wideRoom(map, extent, size);
    map.fitBounds(extent, { ...room, animate: false });
  }

  // A popup takes the focus and gives it back; Escape closes it.
  function keepFocus(map, element) {
    const before = document.activeElement;
    element.tabIndex = -1;
    element.setAttribute("role", "dialog");
    element.setAttribute("aria-label", element.querySelector("h3").textContent);
    element.focus({ preventScroll: true });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") map.closePopup();
    });
    map.once("popupclose", () => {
      if (before && before.isConnected) before.focus({ preventScroll: true });
    });
  }

  return { fit, keepFocus };
})();
