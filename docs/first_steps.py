"""Read a first network: the lines of the page "First steps"."""

import sincviz

epochs, truth = sincviz.datasets.simulate_motor_imagery(80, seed=0)
model = sincviz.SincShallowNet(
    num_time_filters=8,
    freq_stride=4.0,
    time_filter_len=17,
    n_outputs=2,
    n_times=len(epochs.times),
    sfreq=epochs.info["sfreq"],
    chs_info=epochs.info["chs"],
)
classifier = sincviz.training.fit(model, epochs, max_epochs=20, seed=0)

bands = sincviz.learned_bands(classifier)
patterns = sincviz.spatial_patterns(classifier, epochs)
findings = sincviz.diagnose(classifier, epochs)

print(bands[["low_hz", "high_hz", "measured_low_hz", "measured_high_hz"]].round(1))
print(findings[["severity", "finding"]])

sincviz.plotting.plot_bands(bands).savefig("bands.png")
sincviz.save_checkpoint(classifier, "first.safetensors")
