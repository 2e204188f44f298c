"""Every error that a caller of BioPlan GIS can meet; none of them knows HTTP.

Each carries one sentence in Chinese and the same in English, saying what is wrong, where, and what would be right::

    BioplanError
    ├── SettingsError
    ├── GeodataError
    ├── OutputError
    ├── FileRefusedError
    │   ├── UnsafeFileError
    │   ├── UnreadableFileError
    │   └── UncertainFileError
    ├── StorageError
    │   ├── DatabaseUnavailableError
    │   ├── ForeignDatabaseError
    │   ├── SchemaTooOldError
    │   ├── SchemaTooNewError
    │   ├── NotLoadedError
    │   ├── ReadOnlyDatabaseError
    │   ├── DiskFullError
    │   ├── DatabaseBusyError
    │   └── DamagedDatabaseError
    ├── ParameterError
    ├── NotAcceptableError
    ├── CrowdedError
    └── NotFoundError
        ├── LayerNotFoundError
        ├── FeatureNotFoundError
        └── LayoutNotFoundError
"""


class BioplanError(Exception):
    """Something that the product can explain.

    Args:
        zh: the sentence in Chinese.
        en: the same sentence in English.
        details: what only whoever runs the service may see, such as where its database is; no visitor is told.
    """

    def __init__(self, zh: str, en: str, *, details: str = "") -> None:
        """Keep both sentences; ``str(error)`` prints them on lines of their own, and the details on a third."""
        super().__init__("\n".join(filter(None, (zh, en, details))))
        self.zh = zh
        self.en = en
        self.details = details


class SettingsError(BioplanError):
    """A setting (environment variable or option) that cannot be used."""


class GeodataError(BioplanError):
    """A file or record under ``geodata/`` that cannot be read as what it should be."""


class OutputError(BioplanError):
    """A file that cannot be written where it was asked for."""


class FileRefusedError(BioplanError):
    """A user's file that cannot become a layer; nothing of it was kept."""


class UnsafeFileError(FileRefusedError):
    """The file would read what was not given, or fill the machine: an archive bomb, a climbing or remote source."""


class UnreadableFileError(FileRefusedError):
    """The file is damaged, of no known kind, or not what its name says."""


class UncertainFileError(FileRefusedError):
    """The file leaves open what must be known (CRS, datum, layer); a guess is shown, and used only if told."""


class StorageError(BioplanError):
    """The database cannot do what was asked of it."""


class DatabaseUnavailableError(StorageError):
    """No database answers at the configured URL: wrong URL, no driver, server down, access refused."""


class ForeignDatabaseError(StorageError):
    """The database holds something that BioPlan GIS did not make; it is left untouched."""


class SchemaTooOldError(StorageError):
    """The database was made by an earlier version; ``bioplan load`` upgrades it."""


class SchemaTooNewError(StorageError):
    """The database was made by a later version of BioPlan GIS; this version leaves it untouched."""


class NotLoadedError(StorageError):
    """The schema stands, but the layers have not been loaded; ``bioplan load`` does it."""


class ReadOnlyDatabaseError(StorageError):
    """The database or its folder cannot be written."""


class DiskFullError(StorageError):
    """The disk that holds the database is full; the transaction was undone."""


class DatabaseBusyError(StorageError):
    """Another process holds the database's write lock."""


class DamagedDatabaseError(StorageError):
    """The file begins like a database of ours but cannot be read as one."""


class ParameterError(BioplanError):
    """A parameter of a question that cannot be used.

    Args:
        name: the parameter's name, as the caller wrote it.
        value: the value that was given.
        zh: what is wrong and what would be right, in Chinese.
        en: the same in English.
    """

    def __init__(self, name: str, value: str, zh: str, en: str) -> None:
        """Keep the parameter beside both sentences."""
        super().__init__(zh, en)
        self.name = name
        self.value = value


class NotAcceptableError(BioplanError):
    """Nothing here is of a kind that the client takes."""


class CrowdedError(BioplanError):
    """So many ask for the same kind of work that this one would wait too long."""


class NotFoundError(BioplanError):
    """Nothing of that id stands here."""


class LayerNotFoundError(NotFoundError):
    """No layer has that id."""


class FeatureNotFoundError(NotFoundError):
    """The layer has no feature of that id."""


class LayoutNotFoundError(NotFoundError):
    """No layout has that id."""
