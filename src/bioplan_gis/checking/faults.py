"""A fault in the geodata: where it is, what is wrong, and what would be right."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Something in a geodata folder that must be put right.

    Attributes:
        file: file name within the folder.
        record: label of the record at fault; None where it is the whole file.
        zh: what is wrong, in Chinese.
        en: the same in English.
        remedy_zh: what would be right, in Chinese.
        remedy_en: the same in English.
    """

    file: str
    record: str | None
    zh: str
    en: str
    remedy_zh: str
    remedy_en: str
