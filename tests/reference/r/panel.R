# Change between two rounds with respondents in common: joint covariance and contrasts.
# R 4.2.2, survey 4.1-1. Run in this folder after input.R: Rscript panel.R
suppressMessages(library(survey))
options(digits = 15, survey.lonely.psu = "adjust")
set.seed(3)
n <- 260
p <- data.frame(respondent = sprintf("r%03d", 1:n), agency = sample(c("A", "B"), n, TRUE, c(.6, .4)), mood = rnorm(n))
both <- rbind(cbind(p, year = 2010), cbind(p, year = 2011))
both <- both[runif(nrow(both)) < .75, ]
both$activity <- sample(c("plan", "farm"), nrow(both), TRUE)
both$weight <- round(runif(nrow(both), .5, 3), 3)
both$answer <- as.integer(cut(both$mood + .3 * (both$year - 2010) + rnorm(nrow(both), 0, .7), c(-Inf, -1.2, -.4, .4, 1.2, Inf)))
write.csv(both[c("respondent", "agency", "year", "activity", "weight", "answer")], "panel_input.csv", row.names = FALSE, quote = FALSE)
des <- svydesign(ids = ~respondent, strata = ~agency, weights = ~weight, data = both, nest = TRUE)
apart <- svydesign(ids = ~1, strata = ~paste(agency, year), weights = ~weight, data = both)
out <- NULL
for (a in c("A", "B")) for (joint in c(TRUE, FALSE)) {
  part <- subset(if (joint) des else apart, agency == a)
  by <- svyby(~answer, ~year, part, svymean, covmat = TRUE)
  change <- svycontrast(by, c(-1, 1))
  out <- rbind(out, data.frame(agency = a, joint = joint, change = coef(change)[[1]], se = SE(change)[[1]]))
}
write.csv(format(out, digits = 15, trim = TRUE), "panel.csv", row.names = FALSE, quote = FALSE)
