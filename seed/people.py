"""Names of persons, drawn by chance from common surnames and given names."""

from random import Random

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛"
    "单仇解区查华柏"
)
DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "夏侯", "东方", "尉迟", "皇甫")
MALE = (
    "伟强磊军勇涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢阳建志国文海德昌永振家" "子一天泽铭轩博睿晨思远承嘉"
)
FEMALE = "芳娜敏静丽艳娟霞秀兰玲桂梅英华慧巧美婷雪琳倩颖洁晶欣怡佳悦璐莹琪萌萱雨诗语梦瑶若可心安宁然"
RARE = "喆祎堃翀犇淼垚炜昱晟"
"""Characters that old code tables lack: they must survive every page, export and print."""


def person_name(rng: Random, *, female: bool) -> str:
    """A Chinese name of two or three characters, rarely with a double surname or a rare character."""
    chance = rng.random()
    surname = rng.choice(DOUBLE_SURNAMES) if chance < 0.006 else SURNAMES[int(chance * len(SURNAMES))]
    pool = FEMALE if female else MALE
    given = pool[int(rng.random() * len(pool))]
    if rng.random() < 0.82:
        given += pool[int(rng.random() * len(pool))]
    return surname + (given[:-1] + RARE[int(rng.random() * len(RARE))] if rng.random() < 0.01 else given)
