# Standardised class probabilities and mean class, with their covariance.
# R 4.2.2, ordinal 2022.11-16, emmeans 1.8.4. Run in this folder after input.R.
suppressMessages({library(ordinal); library(emmeans)})
d <- read.csv("input.csv")
d <- d[!is.na(d$answer), ]
for (v in c("agency", "year", "activity", "group")) d[[v]] <- factor(d[[v]])
d$y <- factor(d$answer, ordered = TRUE)
out <- joint <- NULL
for (link in c("logit", "probit")) {
  fit <- clm(
    y ~ agency + year + activity + group, data = d, link = link,
    control = clm.control(gradTol = 1e-11, maxIter = 200L)
  )
  for (by in list("agency", "year", c("agency", "year"))) {
    m <- as.data.frame(summary(emmeans(fit, by, mode = "mean.class")))
    p <- as.data.frame(summary(emmeans(fit, c(by, "y"), mode = "prob")))
    for (v in c("agency", "year")) {
      if (!v %in% by) m[[v]] <- p[[v]] <- "all"
    }
    out <- rbind(
      out,
      data.frame(link = link, agency = m$agency, year = m$year, class = 0, estimate = m$mean.class,
                 se = m$SE),
      data.frame(link = link, agency = p$agency, year = p$year, class = p$y, estimate = p$prob,
                 se = p$SE)
    )
  }
  joint <- rbind(joint, cbind(link, as.data.frame(vcov(emmeans(fit, "agency", mode = "mean.class")))))
}
write.csv(joint, "emmeans_covariance.csv", row.names = FALSE)
write.csv(out, "emmeans.csv", row.names = FALSE)
