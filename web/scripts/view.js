"use strict";

// What the map shows of a layout at first, and where the focus is while a popup is open.
BioPlan.view = (() => {
  const { layouts } = BioPlan;
  const NARROW = 600;

  // On a narrow map the layout stands between the title and what lies at the foot of the map.
  function narrowRoom(layout, size) {
    const foot = document.getElementById(layouts.madeOfDistricts(layout) ? "inset" : "remark");
    return {
      paddingTopLeft: [14, document.getElementById("cartouche").getBoundingClientRect().bottom + 12],
      paddingBottomRight: [14, foot.offsetHeight > 0 ? size.y - foot.offsetTop + 8 : 110],
    };
  }

  // On a wide one a tall layout stands beside the title, a wide one under it.
  function wideRoom(extent, size) {
    const cartouche = document.getElementById("cartouche");
    const isTall = extent.getNorth() - extent.getSouth() > extent.getEast() - extent.getWest();
    const left = isTall ? Math.min(cartouche.offsetLeft + cartouche.offsetWidth + 24, size.x * 0.48) : 24;
    return { paddingTopLeft: [left, 40], paddingBottomRight: [24, 40] };
  }

  function fit(map, layout) {
    const size = map.getSize();
    const extent = layouts.extent(layout);
    const room = size.x < NARROW ? narrowRoom(layout, size) : wideRoom(extent, size);
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
