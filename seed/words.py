"""Words the generator draws from."""


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STREETS = _list(
    "人民路 解放路 中山路 建设路 新华路 和平路 长江路 黄河路 迎宾大道 科技路 文化路 朝阳路 光明路 工业园路"
)
ESTATES = _list("阳光花园 金色家园 锦绣江南 翠湖雅苑 东方明珠 御景湾 书香门第 绿城小区 滨江国际 紫荆公寓")
TOWERS = _list("国际商务中心 创新大厦 财富广场 科创园 时代大厦 环球中心 金融街中心 世贸广场")
CARS = _list("大众朗逸 丰田凯美瑞 本田雅阁 比亚迪汉 别克君威 日产轩逸 吉利星越 长安CS75 奥迪A4L 宝马320Li 五菱宏光")
GOODS = _list("数控机床 变频空调 液压泵 办公家具 车载终端 不锈钢管 冷藏柜 电动叉车 白酒礼盒 护肤套装 打印耗材 水泵")
POSTS = _list("经理 行政主管 前台 财务 业主")
SHORT = _list("标准 常规 加急 上门 自提 月结 现结 新装 更换 升级 年检 备用 现场 远程")
SENTENCES = _list(
    "客户希望周末上门服务。 对上次维修结果表示满意。 要求增开一张增值税发票。 预计下季度追加采购。 "
    "建议延长保修期限。 已电话确认收货地址。 合同条款待双方法务核对。 现场查看后重新报价。"
)
PROVINCE_CODES = _list("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65")
PLATE_CHARACTERS = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
MOBILE_PREFIXES = _list(
    "130 131 132 133 134 135 136 137 138 139 150 151 152 153 155 156 157 158 159 180 181 182 183 185 186 187 188 189"
)
BANK_PREFIXES = _list("622202 622848 621700 621661 622588 622262 621483")
MAIL_DOMAINS = _list("example.com example.net example.org")
"""Kept free for examples: nobody ever gets a letter there."""
