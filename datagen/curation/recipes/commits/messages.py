"""What a commit's message says of it: its mood, whether it is a bump, a revert or a merge, and how much it tells."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS = _words(
    """
    abort accept activate adapt add address adjust adopt advance alias align allocate allow alter annotate append
    apply apologise arrange assert assign assume attach attempt avoid back balance base batch begin bind block
    break bring broaden buffer build bump bundle bypass cache calculate call cancel cap capitalise capitalize
    capture carry cast catch centre center change check choose clamp clarify clean cleanup clear clip clone close
    coerce collapse collect combine comment compact compare compile complete compress compute concatenate condense
    configure connect consider consolidate constrain construct consume continue convert copy correct count cover
    crash create customise customize cut debug declare decode decouple decrease dedent deduplicate default defer
    define delay delegate delete deny deprecate derive describe deserialise deserialize destroy detach detect
    determine disable disallow discard disconnect dispatch display distinguish document download drop dump
    duplicate ease edit elaborate eliminate embed emit emulate enable encapsulate encode encourage end enforce
    enhance enlarge ensure escape establish evaluate exclude execute exit expand expect explain export expose
    extend extract factor fail fetch fill filter finalise finalize find finish fix flag flatten flip flush fold
    follow force forbid format forward free freeze gate generalise generalize generate get give grant group guard
    guarantee guess halt handle harden hardcode hide highlight hook honor honour identify ignore implement import
    improve include incorporate increase increment indent index indicate infer inherit init initialise initialize
    inject inline insert inspect install instantiate instruct integrate interpolate introduce invalidate invert
    invoke isolate iterate join jump keep kill label launch leave let lift limit link lint list load localise
    localize lock log look loop lower lowercase maintain make manage map mark mask match maximise maximize measure
    memoise memoize mend mention merge migrate mimic minify minimise minimize mirror mock modernise modernize
    modify monitor mount move mute name narrow neaten negate normalise normalize notify nuke obey omit open
    optimise optimize order output overhaul overload override pack pad parallelise parallelize parametrise
    parametrize parse pass patch pause perform permit persist pick pin place polish populate port postpone prefer
    prefix prepare prepend present preserve prevent print prioritise prioritize process produce prohibit promote
    prompt propagate protect provide prune publish pull purge push put query quiet quit quote raise randomise
    randomize read rearrange rebase rebuild recalculate recognise recognize record recover recurse redirect redo
    reduce refactor refer reference refine reflect reformat refresh refuse regenerate register reimplement reindent
    reject relax release reload relocate rely remember remove rename render reorder reorganise reorganize reopen
    repair repeat rephrase replace report represent request require rerun reschedule reserve reset reshape resize
    resolve respect respond restart restore restrict restructure retain rethrow retry return reuse reverse revert
    revise rewrite rework round route run sanitise sanitize save scale scan schedule scope search select send
    separate serialise serialize serve set share shift shorten show shrink shuffle shut silence simplify skip slim
    sort specify speed spell split squash stabilise stabilize standardise standardize start state stop store stream
    strengthen strip subclass submit substitute suggest support suppress swallow swap switch sync synchronise
    synchronize take teach tell terminate test throw throttle tidy tighten time toggle trace track transform
    translate treat trigger trim truncate try tune turn tweak type unbreak undo unescape unify uninstall unpack
    unpin unquote unregister unset unwrap update upgrade uppercase use utilise utilize validate verify wait warn
    whitelist widen wire wrap write yield zero
    """
)
"""Verbs that begin messages of commits, in the base form."""
_ADVERBS = _words(
    """
    always never only also further lazily explicitly actually really properly correctly don't do
    """
)
"""What may stand before one: ``Always quote …``."""
_prefix = re.compile(
    r"\s*(?:\[[^\]\n]{1,40}\]\s*|\([^)\n]{1,40}\)\s*|[A-Z][A-Z0-9]+-\d+:?\s+|#\d+:?\s+"
    r"|[\w./@*+-]{1,40}(?: [\w./-]{1,20})?(?:\([^)\n]{1,60}\))?!?:\s+|:\w+:\s*|[^\w\s\"'`]+\s+)"
)
_first = re.compile(r"([A-Za-z']+)(?![\w./(:,=])(?:\s+([A-Za-z']+))?")
_noun = _words(
    """
    of is are was were has have had can may must should does did
    """
)
"""What follows a word that is a noun here: ``Cache is never cleared``, ``Result of the benchmark``."""
_trailer = re.compile(
    r"(?im)^\s*(?:(?:signed-off|co-authored|reviewed|acked|tested|reported|suggested|approved|helped|cc|change-id|bug|issue"
    r"|review|reviewed-on|differential revision|test plan|git-svn-id|svn path|rebased|(?:pull )?request|pr|fixes|closes"
    r"|refs?|resolves|see|part of|related(?: to)?|closes-bug|related-bug|commit-queue|auto-submit|topic)"
    r"(?:-by)?\s*:?\s*(?=#|\S+@|https?:|[0-9a-f]{7,}|I[0-9a-f]{20,}|[\w.]*#\d|LP\b|trunk@)[^\n]*"
    r"|[\w-]{2,30}-by:[^\n]*|change-id:[^\n]*|git-svn-id:[^\n]*|\(cherry.picked from[^\n]*|https?://\S+)\s*$"
)
_reference = re.compile(
    r"\s*(?:\((?:gh-|[\w./-]*#|PR ?#?)\d+\)|\b(?:fix(?:es)?|close[sd]?|resolve[sd]?|refs?) #\d+\.?)", re.I
)
_kind = re.compile(
    r"\A\s*(?:(?:fix|feat|feature|chore|docs?|refactor|perf|tests?|style|build|ci|bug|bugfix|hotfix)(?:\([^()\n]{0,40}\))?!?:"
    r"|\[(?:fix|imp|add|ref|rem|mov|bugfix|feature|feat|bug|enh|mnt|maint|doc)\]:?)\s+(?P<first>[A-Za-z])",
    re.IGNORECASE,
)
"""What a convention puts before a subject: ``fix(parser): handle``, ``[FIX] Handle``."""
_ticket = re.compile(r"\A\s*[\[(]?(?:(?:gh-|issue |bug |PR )?#\d+|[A-Z][A-Z0-9]{1,9}-\d+)[\])]?(?:\s*[:,-])?\s+")
MERGE = re.compile(
    r"(?i)\s*(?:merge (?:branch|pull request|remote|tag|commit|master|main|trunk|upstream|pr\b|from"
    r"|changes? from|\S+ into)"
    r"|merged?\b.* (?:into|from) )"
)
REVERT = re.compile(
    r"(?i)\s*(?:\W*revert(?:s|ed|ing)?\b|re-?revert\b|back(?:ed)?[ -]?out\b|roll(?:ed)?[ -]?back\b|undo commit)"
)
_REVERTS = re.compile(r"(?i)\bthis reverts commit\b")
BUMP = re.compile(
    r"""(?ix)\s*(?:\W*\w+(?:\([^)]*\))?!?:\s+)?(?:
      (?:bump|upgrade|update|increase|increment|raise|set|pin|unpin)\b.{0,60}?(?:
        \bversions?\b(?!\s+(?:check|pars|compar|handl|of\s+the|detect|field|column|constraint|string\b.*\bin\b))
        |\b(?:from\s+v?\d[\w.-]*\s+)?to\s+v?\d+\.\d+[\w.-]*\s*(?:\(\#\d+\))?\s*$
        |\bv?\d+\.\d+(?:\.\d+)+\S*\s*(?:\(\#\d+\))?\s*$)
      |(?:bump|upgrade|update|refresh|pin|unpin|sync)\s+(?:all\s+|the\s+|npm\s+|dev\s+|python\s+|some\s+|project\s+)*
        (?:dependenc|deps\b|requirements\b|packages?\b|lock\s*files?|submodules?|gems?\b|crates?\b|vendor)
      |(?:release|version|prepare(?:\s+for)?(?:\s+the)?(?:\s+next)?\s+(?:release|development|version))\b[\s:v]*(?:\d|$|iteration|candidate|of\b)
      |(?:bump|prepare|begin|start|open|tag|cut)\b.{0,30}\b(?:release|development|snapshot|dev\s+cycle)\b
      |\[maven-release-plugin\]|(?:bump|update|upgrade)\s+\S+\s+(?:from|to)\s+v?\d[\w.-]*\s*$
      |v?\d+\.\d+(?:\.\d+)*(?:[-.]?(?:rc|alpha|beta|dev|snapshot|final|b|a)[\d.]*)?\s*\.?\s*$
      |\W*(?:post-)?(?:release|version)\s+bump|bump\s*$|bump\s+(?:to|up\s+to|for)\s+v?\d)"""
)
_VAGUE = _words(
    """
    a an the and or to of in on for with some more small minor major various several misc miscellaneous other few
    little fix fixes fixed bug bugs issue issues problem problems error errors typo typos update updates updated
    change changes changed edit edits tweak tweaks improve improvement improvements code stuff things thing file
    files cleanup clean up refactor refactoring wip work progress initial commit first final test tests testing add
    added adding remove removed it this that new now make better style format formatting lint pep docs readme
    comment comments again back oops temp tmp todo review feedback requested per build ci please last missing
    """
)
_BOT = re.compile(
    r"(?ix)\[bot\]|\b(?:dependabot|renovate|greenkeeper|pre-commit-ci|github-actions?|snyk|all-?contributors|mergify"
    r"|imgbot"
    r"|codecov|weblate|transifex|semantic-release|travis(?:\ ci|-ci|bot)"
    r"|jenkins|circleci|buildkite|azure\ pipelines|pyup)\b"
    r"|(?:^|[\s_.-])bot\b|[a-z]bot(?:@|$)|-bot@|\bautomation@|\bno-?reply\+?bot"
)


def is_imperative(subject: str) -> bool:
    """Whether a subject begins with a verb in the imperative.

    The first word has to be a verb of ``VERBS``, in its base form, behind scopes and tags as people write them
    (``fix(parser): handle …``, ``[core] Add …``, ``ABC-12: Use …``). What follows must not make a noun of it:
    ``Cache is never cleared`` and ``Result of the benchmark`` order nothing.
    """
    rest = subject
    for _ in range(4):
        found = _first.match(rest.lstrip())
        if found is not None and (verb := found[1].lower()) in VERBS | {"work"}:
            after = (found[2] or "").lower()
            return after in ("around", "with") if verb == "work" else after not in _noun
        if found is not None and found[1].lower() in _ADVERBS:
            return (found[2] or "").lower() in VERBS | {"not"}
        prefix = _prefix.match(rest)
        if prefix is None:
            return False
        rest = rest[prefix.end() :]
    return False


def is_revert(message: str) -> bool:
    return REVERT.match(message) is not None or _REVERTS.search(message) is not None


def is_bot(name: str, email: str) -> bool:
    """Whether a program signs with this name or address."""
    return any(_BOT.search(said) for said in (name.strip(), email.strip()) if said)


def cleaned(message: str) -> str:
    """The message as an instruction: without trailers, addresses and numbers of issues."""
    text = _ticket.sub("", message.replace("\r\n", "\n"))
    if (kind := _kind.match(text)) is not None:
        text = kind["first"].upper() + text[kind.end() :]
    text = _trailer.sub("", text)
    text = _reference.sub("", text)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n"))).strip()


def is_informative(message: str, path: str, least: int) -> bool:
    """Whether a message says what to do: at least ``least`` words that are neither empty talk nor the file's name."""
    names = {part.lower() for part in re.findall(r"\w+", path)}
    words = [word for word in re.findall(r"[^\W\d_][\w'-]*", message.lower()) if word not in _VAGUE]
    telling = [word for word in words if word not in names]
    # where the message goes on to say something of it, the file's name is a word like others: ``an empty list in max``
    return len(telling) >= least or (len(telling) >= 3 and len(words) >= least)
