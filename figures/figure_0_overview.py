"""Figure 0: the overview of one network: how well it decodes, on what that rests, and how sure that is."""

import sincviz
from figures.publishing import publish, run
from figures.study import Study
from sincviz.inspection.words import verdict_words

CAPTION = """
Overview of the network of seed 0 on trials that it was not trained on. {verdict} Accuracy with its 95 % interval; what
was checked (green: shown, orange: not shown, grey: could not be checked); the bands of what separates the classes, with
95 % intervals over trials; where on the scalp; and the patterns of the units that can move the scores most. {data}
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    inspection = sincviz.inspect(study.network(), study.held_out_epochs)
    caption = CAPTION.format(verdict=verdict_words(inspection), data=study.description)
    publish(study, "figure_0_overview", inspection.plot(), caption)


if __name__ == "__main__":
    run(draw, __doc__)
