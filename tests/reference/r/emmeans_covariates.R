# Standardised classes beside covariates and a product, which stand at their mean.
# R 4.2.2, ordinal 2022.11-16, emmeans 1.8.4. Run in this folder after svyolr.R.
suppressMessages({library(ordinal); library(emmeans)})
d <- subset(read.csv("svyolr_input.csv"), design == "strata")
d$stype <- factor(d$stype)
d$y <- factor(d$grade, ordered = TRUE)
tight <- clm.control(gradTol = 1e-11, maxIter = 200L)
models <- list(
  main = clm(y ~ ell + mobility + stype, data = d, control = tight),
  product = clm(y ~ ell + stype * mobility, data = d, control = tight)
)
out <- NULL
for (m in names(models)) {
  at <- as.data.frame(suppressMessages(emmeans(models[[m]], "stype", mode = "mean.class")))
  share <- as.data.frame(
    suppressMessages(emmeans(models[[m]], ~ y | stype, mode = "prob"))
  )
  out <- rbind(
    out,
    data.frame(model = m, stype = at$stype, class = 0, estimate = at$mean.class, se = at$SE),
    data.frame(model = m, stype = share$stype, class = as.integer(share$y),
               estimate = share$prob, se = share$SE)
  )
}
out$estimate <- sprintf("%.15g", out$estimate)
out$se <- sprintf("%.15g", out$se)
write.csv(out, "emmeans_covariates.csv", row.names = FALSE, quote = FALSE)
