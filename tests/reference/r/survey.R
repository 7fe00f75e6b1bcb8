# Means, standard errors and degrees of freedom by domain, and intervals of shares.
# R 4.2.2, survey 4.1-1. Run in this folder after input.R: Rscript survey.R
suppressMessages(library(survey))
d <- read.csv("input.csv")
d$top <- as.numeric(d$answer >= 4)
d$lowest <- as.numeric(d$answer == 1)
designs <- function() list(
  weights = svydesign(ids = ~1, weights = ~weight, data = d),
  strata = svydesign(ids = ~1, strata = ~stratum, weights = ~weight, data = d),
  strata_fpc = svydesign(ids = ~1, strata = ~stratum, weights = ~weight, fpc = ~population, data = d),
  psu = svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = d, nest = TRUE),
  psu_fpc = svydesign(
    ids = ~psu, strata = ~stratum, weights = ~weight, fpc = ~population_psu, data = d, nest = TRUE
  )
)
domains <- rbind(
  data.frame(agency = "", year = 0, activity = ""),
  data.frame(agency = sort(unique(d$agency)), year = 0, activity = ""),
  data.frame(agency = "", year = 2010:2012, activity = ""),
  expand.grid(agency = sort(unique(d$agency)), year = 2010:2012, activity = ""),
  expand.grid(agency = c("A", "F"), year = 2010:2012, activity = c("farm", "plan"))
)
inside <- function(w) with(w, (agency == "" | d$agency == agency) & (year == 0 | d$year == year) &
  (activity == "" | d$activity == activity) & !is.na(d$answer))
means <- shares <- NULL
for (lonely in c("adjust", "certainty")) {
  options(survey.lonely.psu = lonely)
  for (name in names(designs())) {
    des <- designs()[[name]]
    for (i in seq_len(nrow(domains))) {
      rows <- inside(domains[i, ])
      if (!any(rows)) next
      part <- des[rows, ]
      m <- svymean(~answer, part)
      means <- rbind(means, cbind(
        design = name, lonely = lonely, domains[i, ], mean = coef(m)[[1]], se = SE(m)[[1]],
        df = degf(part), n = sum(rows)
      ))
      if (lonely == "certainty" || sum(rows) < 8) next
      for (what in c("top", "lowest")) {
        p <- svyciprop(as.formula(paste0("~", what)), part, method = "beta")
        shares <- rbind(shares, cbind(
          design = name, domains[i, ], what = what, share = as.numeric(p),
          se = sqrt(as.numeric(attr(p, "var"))), low = confint(p)[1], high = confint(p)[2]
        ))
      }
    }
  }
}
shares <- shares[is.finite(shares$low) & shares$share > 0 & shares$share < 1, ]
write.csv(means, "survey_means.csv", row.names = FALSE)
write.csv(shares, "survey_shares.csv", row.names = FALSE)
