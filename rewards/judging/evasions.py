"""How answers are left out: phrases that answer a question only where the reference says so, too."""

from __future__ import annotations

EVASIONS = {
    "en": (
        "cannot be determined",
        "it cannot be determined",
        "the answer cannot be determined",
        "can not be determined",
        "this cannot be determined from the information given",
        "cannot be determined from the given information",
        "not enough information",
        "there is not enough information",
        "insufficient information",
        "i do not know",
        "i don t know",
        "i am not sure",
        "i m not sure",
        "unknown",
        "no answer",
        "it depends",
    ),
    "zh": (
        "无法确定",
        "不能确定",
        "信息不足",
        "我不知道",
    ),
    "ja": (
        "わかりません",
        "判断できない",
    ),
    "ko": (
        "알 수 없다",
        "결정할 수 없다",
    ),
    "es": (
        "no se puede determinar",
        "no lo sé",
    ),
    "fr": (
        "on ne peut pas le déterminer",
        "je ne sais pas",
    ),
    "de": (
        "kann nicht bestimmt werden",
        "ich weiß es nicht",
    ),
    "ru": (
        "невозможно определить",
        "не знаю",
    ),
    "pt": (
        "não é possível determinar",
        "não sei",
    ),
    "it": (
        "non si può determinare",
        "non lo so",
    ),
    "el": (
        "δεν μπορεί να προσδιοριστεί",
        "δεν ξέρω",
    ),
    "th": (
        "ไม่สามารถระบุได้",
        "ไม่ทราบ",
    ),
    "sv": (
        "kan inte avgöras",
        "jag vet inte",
    ),
    "he": (
        "לא ניתן לקבוע",
        "אני לא יודע",
    ),
    "fi": (
        "ei voida määrittää",
        "en tiedä",
    ),
    "ro": (
        "nu se poate determina",
        "nu știu",
    ),
    "id": (
        "tidak dapat ditentukan",
        "saya tidak tahu",
    ),
    "tr": (
        "belirlenemez",
        "bilmiyorum",
    ),
    "pl": (
        "nie można określić",
        "nie wiem",
    ),
    "nl": (
        "kan niet worden bepaald",
        "ik weet het niet",
    ),
    "vi": (
        "không thể xác định",
        "tôi không biết",
    ),
    "ar": (
        "لا يمكن تحديده",
        "لا أعرف",
    ),
    "hi": (
        "निर्धारित नहीं किया जा सकता",
        "मुझे नहीं पता",
    ),
}
"""By language; they answer a question only where the reference says so, too."""

ADMITS_DOUBT = (
    "cannot",
    "can not",
    "can t",
    "determin",
    "unknown",
    "not known",
    "enough",
    "insufficient",
    "impossible",
    "not possible",
    "depend",
    "undecid",
    "undefin",
    "no answer",
    "nobody knows",
    "not sure",
    "no one knows",
)
"""Where a reference holds one of these, a judge decides what an evasion is worth."""
