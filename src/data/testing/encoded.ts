/**
 * Reviews in the encodings in which people have them, as Python 3 writes them: `base64.b64encode("\n".join(texts).encode(codec))`.
 */
export const ENCODED: Readonly<Record<string, { readonly texts: readonly string[]; readonly base64: string }>> = {
  gb18030: {
    texts: ["菜上得很慢，不过味道还行", "老板很热情，下次带朋友来", "停车不方便，排队一个小时", "环境安静，适合聊天"],
    base64:
      "ssvJz7XDutzC/aOssru5/c62tcC7udDQCsDPsOW63MjIx+mjrM/CtM60+MXz09HAtArNo7O1sru3vbHjo6zFxbbT0ru49tChyrEKu7e+s7CyvrKjrMrKus/BxMzs",
  },
  big5: {
    texts: ["菜上得很慢，不過味道還行", "老闆很熱情，下次帶朋友來", "停車不方便，排隊一個小時", "環境安靜，適合聊天"],
    base64:
      "teakV7Fvq9y6Q6FBpKO5TKj9uUTB2abmCqbRwfOr3Lz2saGhQaRVprixYapCpM2o0wqwsaiupKOk6KtLoUGxxrakpECt06RwrskKwPS50qZ3wFKhQb5Bpliy4aTR",
  },
  shift_jis: {
    texts: [
      "駅から近くて便利でした",
      "店員さんがとても親切です",
      "少し混んでいたけれど満足",
      "また家族と行きたいと思います",
    ],
    base64:
      "iXeCqYLni9+CrYLEldaXmILFgrWCvQqTWIj1grOC8YKqgsaCxILgkGWQ2ILFgrcKj62CtY2sgvGCxYKigr2Cr4LqgseWnpGrCoLcgr2JxpGwgsaNc4Krgr2CooLGjnaCooLcgrc=",
  },
  "euc-kr": {
    texts: [
      "음식이 늦게 나왔지만 맛있었어요",
      "직원들이 정말 친절합니다",
      "주차하기가 너무 불편해요",
      "다음에 친구와 다시 오겠습니다",
    ],
    base64:
      "wL29xMDMILTKsNQgs6q/1MH2uLgguMDA1r76vu6/5ArB97/4tenAzCDBpLi7IMSjwP3H1bTPtNkKwdbC98fPseKwoSCzyrmrILrSxu3H2L/kCrTZwL2/oSDEo7G4v80gtNm9wyC/wLDavcC0z7TZ",
  },
  "windows-1251": {
    texts: [
      "Долго ждали заказ, но было вкусно",
      "Очень вежливый персонал",
      "Парковаться здесь неудобно",
      "Обязательно приедем ещё раз",
    ],
    base64:
      "xO7r4+4g5uTg6+gg5+Dq4OcsIO3uIOH76+4g4urz8e3uCs735e38IOLl5uvo4vvpIO/l8PHu7eDrCs/g8Oru4uDy/PH/IOfk5fH8IO3l8+Tu4e3uCs7h/+fg8uXr/O3uIO/w6OXk5ewg5fm4IPDg5w==",
  },
  "windows-1252": {
    texts: [
      "Le service était très lent — dommage",
      "Das Frühstück war großartig für 9 €",
      "La próxima vez traeré a mi señora",
      "Über die Größe müßte man reden",
    ],
    base64:
      "TGUgc2VydmljZSDpdGFpdCB0cuhzIGxlbnQglyBkb21tYWdlCkRhcyBGcvxoc3T8Y2sgd2FyIGdyb99hcnRpZyBm/HIgOSCACkxhIHBy83hpbWEgdmV6IHRyYWVy6SBhIG1pIHNl8W9yYQrcYmVyIGRpZSBHcvbfZSBt/N90ZSBtYW4gcmVkZW4=",
  },
};
