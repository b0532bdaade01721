/* Draws what was found into a photograph. */
#ifndef FACES_DRAW_H
#define FACES_DRAW_H

#include "detector.h"
#include "picture.h"

/* The photograph with the faces: boxes, scores, landmarks. */
gdImagePtr draw_faces(const picture *photo, const box_list *faces);

/* What each stage passes on, in three pictures side by side, smaller than the photograph where that is large. */
gdImagePtr draw_stages(const picture *photo, const box_list results[STAGES]);

#endif
