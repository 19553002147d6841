// Who holds a phone of the demo: the same phone is always the same person.
const PEOPLE = [
  ['林知夏', 'Lin Zhixia'],
  ['周明远', 'Zhou Mingyuan'],
  ['沈若溪', 'Shen Ruoxi'],
  ['陈砚', 'Chen Yan'],
  ['许安然', 'Xu Anran'],
  ['顾承宇', 'Gu Chengyu'],
  ['叶青禾', 'Ye Qinghe'],
  ['郑大海', 'Zheng Dahai'],
  ['苏晚晴', 'Su Wanqing'],
  ['何书白', 'He Shubai'],
  ['江月', 'Jiang Yue'],
  ['罗一舟', 'Luo Yizhou'],
  ['唐小满', 'Tang Xiaoman'],
  ['魏长风', 'Wei Changfeng'],
  ['宋微雨', 'Song Weiyu'],
  ['杜衡', 'Du Heng'],
  ['梁思齐', 'Liang Siqi'],
  ['丁一帆', 'Ding Yifan'],
  ['方晓棠', 'Fang Xiaotang'],
  ['严守拙', 'Yan Shouzhuo'],
  ['白露', 'Bai Lu'],
  ['高远山', 'Gao Yuanshan'],
  ['秦舒', 'Qin Shu'],
  ['孟川', 'Meng Chuan'],
]
const FACES = 12

export function personOf(phone) {
  let sum = 0
  for (const letter of phone) sum = (sum * 31 + letter.codePointAt(0)) >>> 0
  const index = sum % PEOPLE.length
  const [zh, en] = PEOPLE[index]
  return { zh, en, avatar: `${location.origin}/demo/faces/${index % FACES}.svg` }
}
