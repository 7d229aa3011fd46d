"""How characters are read when they are surnames: dictionaries give another reading for most of these."""


def _one_character(table: str) -> dict[str, tuple[str, ...]]:
    """Characters, then their readings, the usual one first."""
    entries = (entry.split() for entry in table.split(";") if entry.strip())
    return {char: tuple(readings) for chars, *readings in entries for char in chars}


def _two_characters(table: str) -> dict[str, tuple[str, ...]]:
    """Spellings divided by slashes, then the reading of each character."""
    entries = (entry.split() for entry in table.split(";") if entry.strip())
    return {name: tuple(readings) for names, *readings in entries for name in names.split("/")}


SURNAME_READINGS = _one_character("""
    单單 shan; 曾 zeng; 查 zha; 解 xie; 仇 qiu; 任 ren; 朴 piao; 区區 ou; 盖蓋 ge gai; 缪繆 miao; 尉 wei yu;
    翟 zhai di; 覃 qin tan; 华華 hua; 乐樂 yue le; 员員 yun; 黑 he; 秘祕 bi; 冼洗 xian; 折 she; 召少 shao;
    种重 chong; 万萬 wan; 燕晏 yan; 宁甯寧 ning; 纪紀 ji; 过過 guo; 哈 ha; 不 fou; 长 chang; 沈瀋 shen;
    谌諶 chen shen; 隗 wei kui; 郇 xun huan; 郗 xi chi; 乜 nie; 逄 pang; 句 gou; 夏 xia; 盛 sheng; 相 xiang;
    晟 cheng; 牟 mu mou; 尹殷 yin; 能佴 nai; 那 na; 撒 sa; 车車 che; 柏 bai bo; 薄 bo; 贾賈 jia; 俞 yu; 祭 zhai;
    荥行 xing; 葛 ge; 令 ling; 阙闕 que; 宓 mi fu; 石 shi; 叶葉 ye; 藏臧 zang; 占 zhan; 柴 chai; 都 du;
    费費 fei bi; 干 gan; 强強 qiang; 降 jiang; 适 kuo shi; 厘 xi; 幺 yao; 繁 po; 麴曲 qu; 洪 hong; 冯馮 feng;
    塔 ta; 伍 wu; 信 xin; 仉 zhang; 祝 zhu; 訾 zi; 禚 zhuo; 卜 bu; 炅 gui; 眭 sui; 数 shu; 朝 chao; 南 nan;
""")

COMPOUND_SURNAMES = _two_characters("""
    欧阳/歐陽 ou yang; 司马/司馬 si ma; 上官 shang guan; 诸葛/諸葛 zhu ge; 夏侯 xia hou; 尉迟/尉遲 yu chi;
    万俟/萬俟 mo qi; 皇甫 huang fu; 长孙/長孫 zhang sun; 单于/單于 chan yu; 令狐 ling hu; 澹台/澹臺 tan tai;
    公孙/公孫 gong sun; 慕容 mu rong; 司徒 si tu; 司空 si kong; 东方/東方 dong fang; 独孤/獨孤 du gu;
    南宫/南宮 nan gong; 宇文 yu wen; 闻人/聞人 wen ren; 赫连/赫連 he lian; 端木 duan mu; 申屠 shen tu; 呼延 hu yan;
    钟离/鍾離 zhong li; 轩辕/軒轅 xuan yuan; 百里 bai li; 东郭/東郭 dong guo; 拓跋 tuo ba; 西门/西門 xi men;
    淳于 chun yu; 太史 tai shi; 濮阳/濮陽 pu yang; 宗政 zong zheng; 公冶 gong ye; 仲孙/仲孫 zhong sun; 宰父 zai fu;
    谷梁/穀梁 gu liang; 乐正/樂正 yue zheng; 漆雕 qi diao; 公西 gong xi; 巫马/巫馬 wu ma; 第五 di wu; 梁丘 liang qiu;
    左丘 zuo qiu; 东门/東門 dong men; 段干 duan gan;
""")
