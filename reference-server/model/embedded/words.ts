/**
 * Words and characters that carry grammar rather than meaning, most of them in every text. The
 * embedded model weighs them down; leaving one out costs a little precision, nothing else.
 */
export const englishStopWords: readonly string[] = `
a an the this that these those it its he she they them we you i me my your our their his her
is are was were be been being am do does did done has have had having can could will would shall
should may might must not no nor and or but if then else than so as at by for from in into of off
on onto out over per to up with without within about after again against all also any because
before between both during each few how what when where which while who whom whose why more most
much many other own same some such too very just only there here let lets need needs use used
using get gets make makes made one two
`
  .trim()
  .split(/\s+/)

/** Particles, pronouns, question words, auxiliaries; with their traditional forms. */
export const chineseFunctionCharacters = new Set(
  '的了是在和与及或吗呢吧啊呀么什怎为之其这那哪个些此于以而且但也都就还又很被把给对从到向由所如若则因' +
    '有没不会能可要应该我你您他她它们请问谁几少否样何里着过地得等并即便却只再才让使用' +
    '與嗎麼為這個於從對給應該們請問誰幾樣裡裏著過會沒還',
)

/** Characters so frequent that sharing one says little. */
export const chineseCommonCharacters = new Set(
  '一二三四五六七八九十百千万上下中大小多少高低长短新旧前后左右内外来去出入起开关进回年月日时天分' +
    '人家国地方面点种类部件性化者法度行动作做成生发定实现现理理解说话看见想知道事情物品号第次每各' +
    '比较更最好主要需求须正常同相自己' +
    '萬長後來進開關時國點種類發現實說話見號較須',
)
