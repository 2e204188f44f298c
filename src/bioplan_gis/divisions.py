"""County-level divisions by adcode: their English names and the cities that they belong to.

Romanised after the state's rules for place names (汉语拼音), as the divisions write themselves.
"""

from collections.abc import Mapping

CITIES: Mapping[str, tuple[str, str]] = {
    "3205": ("苏州市", "Suzhou"),
    "3207": ("连云港市", "Lianyungang"),
    "3212": ("泰州市", "Taizhou"),
    "3301": ("杭州市", "Hangzhou"),
    "3304": ("嘉兴市", "Jiaxing"),
    "3305": ("湖州市", "Huzhou"),
    "3306": ("绍兴市", "Shaoxing"),
    "3307": ("金华市", "Jinhua"),
    "3308": ("衢州市", "Quzhou"),
    "3410": ("黄山市", "Huangshan"),
    "3418": ("宣城市", "Xuancheng"),
}
KINDS: Mapping[str, str] = {"区": "District", "市": "City", "县": "County"}
_NAMES: Mapping[str, str] = {
    "320505": "Huqiu", "320506": "Wuzhong", "320507": "Xiangcheng", "320508": "Gusu", "320509": "Wujiang",
    "320581": "Changshu", "320582": "Zhangjiagang", "320583": "Kunshan", "320585": "Taicang",
    "320703": "Lianyun", "320706": "Haizhou", "320707": "Ganyu", "320722": "Donghai", "320723": "Guanyun",
    "320724": "Guannan", "321202": "Hailing", "321203": "Gaogang", "321204": "Jiangyan", "321281": "Xinghua",
    "321282": "Jingjiang", "321283": "Taixing",
    "330102": "Shangcheng", "330105": "Gongshu", "330106": "Xihu", "330108": "Binjiang", "330109": "Xiaoshan",
    "330110": "Yuhang", "330111": "Fuyang", "330112": "Lin'an", "330113": "Linping", "330114": "Qiantang",
    "330122": "Tonglu", "330127": "Chun'an", "330182": "Jiande",
    "330481": "Haining", "330483": "Tongxiang", "330521": "Deqing", "330523": "Anji", "330602": "Yuecheng",
    "330603": "Keqiao", "330681": "Zhuji", "330726": "Pujiang", "330781": "Lanxi", "330803": "Qujiang",
    "330822": "Changshan", "330824": "Kaihua", "330825": "Longyou",
    "341021": "Shexian", "341022": "Xiuning", "341824": "Jixi", "341881": "Ningguo",
}  # fmt: skip


def english_name(adcode: str, name_zh: str) -> str | None:
    """Such as ``Xihu District`` for 330106; None for a division that is not among these."""
    name = _NAMES.get(adcode)
    return None if name is None else f"{name} {KINDS.get(name_zh[-1:], '')}".strip()


def city_of(adcode: str) -> tuple[str | None, str | None]:
    """The city's Chinese and English name; None twice where it is not among these."""
    return CITIES.get(adcode[:4], (None, None))
