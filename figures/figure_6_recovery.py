"""Figure 6: which method finds what carries the class, where the truth is known."""

from figures.publishing import publish, run
from figures.study import Study
from sincviz.benchmark import summary
from sincviz.benchmark.published import published_rows, run_everywhere
from sincviz.plotting import plot_benchmark

N_METHODS = 5
CAPTION = """
Recovery of known sources by attribution methods: area under the ROC curve over bands × channels ({n_frequency}
networks) and channels × windows of time ({n_time} networks); the published results of the benchmark that comes
with sincviz. Each network was trained on simulated trials, or on sources in recorded EEG, of one of {n_conditions}
conditions, and explained on 100 new trials (accuracy {lowest:.2f} to {highest:.2f}). The {n_methods} best methods
of each part, best variant and interval over networks: {areas}.
"""


def draw(study: Study) -> None:
    """Load, plot, save."""
    rows = run_everywhere(published_rows())
    table = summary(rows)
    best = table.drop_duplicates(["domain", "method"]).groupby("domain").head(N_METHODS)
    networks = rows.groupby("domain")["case"].nunique()
    publish(
        study,
        "figure_6_recovery",
        plot_benchmark(table, n_methods=N_METHODS),
        CAPTION.format(
            n_frequency=networks["frequency"],
            n_time=networks["time"],
            n_conditions=rows["condition"].nunique(),
            lowest=rows["accuracy"].min(),
            highest=rows["accuracy"].max(),
            n_methods=N_METHODS,
            areas="; ".join(
                f"{row['label']}, {row['variant']}, {row['cells_area']:.2f} "
                f"({row['cells_area_ci_low']:.2f} to {row['cells_area_ci_high']:.2f})"
                for row in best.to_dict("records")
            ),
        ),
    )


if __name__ == "__main__":
    run(draw, __doc__)
