/** Words that the synthetic texts are made of: content words carry the topic, link words fill. */
export interface Lexicon {
  readonly content: readonly string[]
  readonly link: readonly string[]
  readonly questions: readonly string[]
  /** Between words, between clauses, after a sentence. */
  readonly space: string
  readonly comma: string
  readonly stop: string
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const chinese: Lexicon = {
  content: words(`
    天气 温度 城市 医院 医生 药物 疾病 症状 血压 心脏 肺炎 感冒 疫苗 手术 营养 蛋白 维生素 睡眠 运动 健身
    学校 老师 学生 考试 大学 专业 论文 历史 地理 数学 物理 化学 生物 语文 英语 哲学 法律 合同 法院 律师
    银行 贷款 利率 股票 基金 保险 税务 工资 公司 企业 市场 价格 产品 品牌 广告 客户 投资 经济 贸易 出口
    汽车 发动机 轮胎 电池 充电 高铁 飞机 机场 地铁 公路 桥梁 港口 船舶 物流 快递 驾照 保养 油耗 导航 交通
    电脑 手机 软件 硬件 网络 服务器 数据库 算法 模型 芯片 显卡 内存 硬盘 系统 程序 代码 密码 屏幕 键盘 打印机
    苹果 香蕉 牛奶 鸡蛋 大米 面条 豆腐 茶叶 咖啡 白酒 火锅 烧烤 海鲜 蔬菜 水果 蜂蜜 食谱 烹饪 厨房 餐厅
    北京 上海 广州 深圳 成都 西安 杭州 南京 武汉 重庆 长城 故宫 黄河 长江 泰山 西湖 草原 沙漠 森林 海洋
    小说 诗歌 电影 音乐 钢琴 吉他 舞蹈 绘画 书法 戏剧 演员 导演 作家 歌手 博物馆 摄影 游戏 动漫 足球 篮球
    房屋 装修 家具 地板 空调 冰箱 洗衣机 电视 水管 电路 油漆 瓷砖 租房 房价 物业 花园 宠物 猫咪 狗粮 鹦鹉
    恐龙 化石 行星 太阳 月球 火箭 卫星 黑洞 引力 电子 原子 分子 基因 细胞 病毒 细菌 植物 昆虫 鲸鱼 熊猫
    农业 小麦 玉米 棉花 化肥 灌溉 土壤 气候 洪水 地震 台风 干旱 污染 能源 太阳能 风力 核电 石油 煤炭 钢铁
    婚姻 家庭 孩子 教育 心理 情绪 压力 友谊 节日 春节 中秋 礼物 服装 皮鞋 化妆 护肤 头发 牙齿 眼镜 手表`),
  link: words(`
    的 了 和 是 在 有 与 对 就 也 都 而 及 或 但是 因此 所以 如果 可以 需要 通过 进行 以及 由于 关于 根据
    一般 目前 主要 其中 同时 例如 通常 非常 比较 之后 之前 这种 那些 我们 他们 人们 问题 方法 情况 时候 部分`),
  questions: words('怎么办 是什么 为什么 有哪些 多少钱 好不好 怎么样 的区别 的作用 哪个好'),
  space: '',
  comma: '，',
  stop: '。',
}

export const english: Lexicon = {
  content: words(`
    weather harbour hospital doctor medicine fever vaccine surgery protein vitamin sleep school teacher exam thesis
    history physics chemistry biology lawyer contract court bank loan interest stock insurance salary company market
    brand customer export engine tyre battery charger railway airport bridge parcel licence traffic laptop phone
    software network server database algorithm model processor memory disk compiler password screen keyboard printer
    apple banana milk egg rice noodle tea coffee seafood vegetable honey recipe kitchen restaurant desert forest ocean
    river mountain novel poem film piano guitar dance painting actor director singer museum camera football basketball
    house furniture carpet fridge washer plumbing paint tenant garden parrot kitten puppy dinosaur fossil planet
    rocket satellite gravity electron atom gene cell virus insect whale panda farm wheat cotton irrigation soil flood
    earthquake typhoon drought pollution energy turbine reactor petroleum coal steel wedding family festival gift
    shoes jewellery skincare dentist glasses watch theatre library airline ferry tunnel budget pension auction`),
  link: words(`
    the a of and to in is that for with as on by from this which are was can may often usually because therefore
    however while when where most some many other these those between after before about under over`),
  questions: words('how why what which who when cost best vs guide'),
  space: ' ',
  comma: ', ',
  stop: '. ',
}
