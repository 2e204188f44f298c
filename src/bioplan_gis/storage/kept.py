"""What was made of whole layers, kept in memory for as long as they stay as they are."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine

from bioplan_gis.storage.layers import Layer

Value = TypeVar("Value")
_Stamp = tuple[tuple[str, int, str], ...]


class Kept(Generic[Value]):
    """The newest of each thing that was made of layers, for each database; of the least used, none."""

    def __init__(self, most: int) -> None:
        """Keep so many things of a database at most."""
        self._most = most
        self._lock = Lock()
        self._things: WeakKeyDictionary[Engine, OrderedDict[Hashable, tuple[_Stamp, Value]]] = WeakKeyDictionary()

    def of(self, connection: Connection, layers: Iterable[Layer], make: Callable[[], Value], *which: Hashable) -> Value:
        """What was made of the layers as they are now, or what is made of them at once; by one thread only.

        Args:
            connection: of the transaction that the layers' descriptions were read in.
            layers: everything that it is made of.
            make: makes it.
            which: what else it depends on.
        """
        stamp = tuple((layer.id, layer.version, layer.digest) for layer in layers)
        name = (tuple(layer_id for layer_id, _, _ in stamp), *which)
        with self._lock:
            things = self._things.setdefault(connection.engine, OrderedDict())
            found = things.get(name)
            if found is None or found[0] != stamp:
                found = things[name] = (stamp, make())
            things.move_to_end(name)
            if len(things) > self._most:
                things.popitem(last=False)
            return found[1]
