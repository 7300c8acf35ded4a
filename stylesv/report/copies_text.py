"""What a score says of copies of real clips, in words for a newcomer."""

from collections.abc import Sequence

from stylesv.records.score import Score


def explain_copies(scores: Sequence[Score]) -> str:
    """The caption of pictures of nearest pairs, from the first of a snapshot's scores that looked for them."""
    found = next((score.memorisation for score in scores if score.memorisation is not None), None)
    text = "Each row has a generated clip and the real clip that a detector finds nearest to it; the most alike come first."
    if found is None:
        return text
    verdict = f"Close enough to be copies: {found.copies or 'none'} of {found.clips} generated clips."
    if found.real_distance is None:
        return f"{text} {verdict}"
    return (
        f"{text} A generated clip is usually {found.generated_distance:.3g} from its nearest real clip, where real clips of "
        f"different videos are {found.real_distance:.3g} apart. {verdict}"
    )
