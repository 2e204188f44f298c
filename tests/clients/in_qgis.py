"""What QGIS sees, as JSON on the standard output; run by QGIS's own Python: ``in_qgis.py JOB`` with what to do as JSON.

A job holds ``kind`` and what that function takes by name.
"""

import json
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

WHITE = QColor("white")


def vector(source, provider, box=None, subset=None):
    """A vector layer of any provider: its fields, ids, values and bounds; ``box`` is west, south, east, north."""
    layer = QgsVectorLayer(source, "layer", provider)
    if not layer.isValid():
        return {"valid": False, "error": layer.error().summary()}
    if subset and not layer.setSubsetString(subset):
        return {"valid": False, "error": f"no filter {subset}"}
    request = QgsFeatureRequest()
    if box:
        request.setFilterRect(QgsRectangle(*box))
    names = [field.name() for field in layer.fields()]
    rows = [[_plain(value) for value in feature.attributes()] for feature in layer.getFeatures(request)]
    return {
        "valid": True,
        "count": layer.featureCount(),
        "crs": layer.crs().authid(),
        "type": layer.geometryType(),
        "fields": {field.name(): field.typeName() for field in layer.fields()},
        "rows": [dict(zip(names, row, strict=True)) for row in rows],
    }


def _plain(value):
    """A value as JSON has it: Qt's null is none, its dates and lists are texts and lists."""
    if hasattr(value, "isNull") and value.isNull():
        return None
    for name in ("toPyDateTime", "toPyDate", "toPyTime"):
        if hasattr(value, name):
            return getattr(value, name)().isoformat()
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)


def tiles(source, box, to=None):
    """How many of 512 × 512 pixels vector tiles cover within a box of EPSG:3857, and the layer's zooms."""
    layer = QgsVectorTileLayer(source, "tiles")
    if not layer.isValid():
        return {"valid": False, "error": layer.error().summary()}
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setBackgroundColor(WHITE)
    settings.setOutputSize(QSize(512, 512))
    settings.setExtent(QgsRectangle(*box))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    if to:
        image.save(to)
    inked = [(x, y) for x in range(512) for y in range(512) if image.pixelColor(x, y) != WHITE]
    return {"valid": True, "inked": len(inked), "zooms": [layer.sourceMinZoom(), layer.sourceMaxZoom()]}


if __name__ == "__main__":
    application = QgsApplication([], False)  # noqa: FBT003  # no window: the signature is Qt's
    application.initQgis()
    job = json.loads(sys.argv[1])
    seen = {"vector": vector, "tiles": tiles}[job.pop("kind")](**job)
    print(json.dumps({"qgis": Qgis.QGIS_VERSION, **seen}))  # noqa: T201  # for the test that started it
    application.exitQgis()
